//! What needs a person, as operators see it: what is so, what to do, and where that is done.

use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::parts::target_path;
use super::view::View;
use super::words::told;
use crate::access::Permission;
use crate::attention::{Attention, Code, Severity};
use crate::subject::TargetName;

/// The page on which all of it stands, and is acknowledged, muted or tried again.
const ATTENTION: &str = "/attention";

/// What is so, as a sentence.
pub(super) fn what(view: &View, found: &Attention) -> Markup {
    let sentence = view.count(&told(view.lang, found.code).what, counted(found));
    filled(view, found, &sentence)
}

/// What to do about it.
pub(super) fn act(view: &View, found: &Attention) -> Markup {
    filled(view, found, told(view.lang, found.code).act)
}

/// It as a row of a list, with where something is done about it; `said` stands below, and `acts` beside the way on.
pub(super) fn row(view: &View, found: &Attention, said: Option<&Markup>, acts: Option<&Markup>) -> Markup {
    let w = view.words();
    let class = match found.severity {
        Severity::Urgent => "is-bad",
        Severity::Attention => "is-soon",
        Severity::Notice => "is-off",
    };
    // Where it is ordered beside the row, there is no way to the page that this is.
    let way = way_on(found, view.may(Permission::Requests)).filter(|way| acts.is_none() || way != ATTENTION);
    html! {
        li {
            div.what {
                h3 { (what(view, found)) }
                p { (act(view, found)) }
                p.small.muted {
                    span class={ "st fill " (class) } { ((w.severity)(found.severity)) }
                    @if let Some(since) = found.since { " " (view.since(since)) }
                    " " span.mono { (found.code.as_str()) }
                }
                @if let Some(said) = said { (said) }
            }
            @if way.is_some() || acts.is_some() {
                div class="do" {
                    @if let Some(path) = &way { a.button href=(path) { (w.look_at_it) span.hidden { ": " (what(view, found)) } } }
                    @if let Some(acts) = acts { " " (acts) }
                }
            }
        }
    }
}

/// What the sentence of its code counts.
fn counted(found: &Attention) -> u64 {
    let number = |name| found.parameters.get(name).and_then(Value::as_u64).unwrap_or_default();
    match found.code {
        Code::RuleWaiting | Code::PastWaiting => number("would"),
        Code::LogLong => number("bytes") >> 20,
        _ => number("count"),
    }
}

fn filled(view: &View, found: &Attention, sentence: &str) -> Markup {
    let values: Vec<_> = found.parameters.iter().map(|(name, value)| (*name, shown(view, name, value))).collect();
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, value)).collect();
    view.fill(sentence, &values)
}

/// A parameter as people read it: times and days in their language, and what the ledger has in English as such.
fn shown(view: &View, name: &str, value: &Value) -> Markup {
    if let Some(number) = value.as_u64() {
        return html! { (view.lang.number(number)) };
    }
    let text = value.as_str().unwrap_or_default();
    let as_it_is = || html! { (text) };
    match name {
        "until" | "last" | "late" | "expected" | "found" => {
            text.parse::<Timestamp>().map_or_else(|_| as_it_is(), |time| view.time(time))
        }
        "due" | "erased_since" => text.parse::<Date>().map_or_else(|_| as_it_is(), |day| view.day(day)),
        // Each sentence has its own full stop.
        "reason" => html! { span lang="en" { (text.trim_end_matches('.')) } },
        _ => as_it_is(),
    }
}

/// The page on which somebody sees more of it, or does something about it; `None` where that is done on a terminal only.
pub(super) fn way_on(found: &Attention, sees_tasks: bool) -> Option<String> {
    let text = |name| found.parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let target = || target_path(&TargetName(text("target").into()));
    let erasures = |query: &str| format!("/erasures?{query}");
    match found.code {
        Code::TargetOut | Code::PluginBroken | Code::PluginDoubtful | Code::TargetLimited | Code::TargetPaused => {
            Some(target())
        }
        // It is named with the company whose people were looked for, and is called by its name alone, unless it is mluvii.
        Code::RecheckLate => Some(match text("target").split_once('/') {
            Some((name, _)) if name != TargetName::MLUVII => target_path(&TargetName(name.into())),
            _ => target(),
        }),
        Code::StepsParked => {
            let target = text("target").split('/').next().unwrap_or_default();
            Some(erasures(&format!("show=parked&target={}", utf8_percent_encode(target, NON_ALPHANUMERIC))))
        }
        Code::TasksOpen | Code::TasksLate if sees_tasks => Some("/tasks".to_owned()),
        Code::TasksOpen | Code::TasksLate => Some(target()),
        Code::ApprovalWaiting | Code::ConfirmationMissing => Some(erasures("show=requested")),
        Code::Overdue => Some(erasures("time=late")),
        Code::DueSoon => Some(erasures("time=due")),
        Code::ReceiptsIncomplete => Some("/receipts?show=incomplete".to_owned()),
        Code::DeliveriesUnreadable => Some("/quarantine".to_owned()),
        Code::PastWaiting => {
            let job = found.parameters.get("job").and_then(Value::as_u64);
            Some(job.map_or_else(|| "/mluvii".to_owned(), |job| format!("/mluvii/past/{job}")))
        }
        Code::DeliveriesRefused
        | Code::PathsUnknown
        | Code::WebhookWrong
        | Code::ReconcileFailed
        | Code::SourceSilent => Some("/mluvii".to_owned()),
        Code::RuleWaiting => Some("/rules".to_owned()),
        Code::RequestsLate | Code::RequestsDueSoon | Code::RequestsUnverified | Code::RequestApprovalWaiting => {
            Some("/requests".to_owned())
        }
        Code::HoldOld => Some(format!("/holds/{}", text("hold"))),
        // mluvii's people are found again by a comparison with it, those of other systems by a sweep of them.
        Code::RecheckResidual | Code::RecheckUnclear
            if text("target").split('/').next() != Some(TargetName::MLUVII) =>
        {
            Some("/sweeps".to_owned())
        }
        Code::SweepStuck => Some("/sweeps".to_owned()),
        Code::SessionsReappeared | Code::RecheckResidual | Code::RecheckUnclear => Some("/audit".to_owned()),
        // It is taken up again, or acknowledged, beside it.
        Code::WorkParked | Code::EventsDamaged | Code::StateBegunAnew => Some(ATTENTION.to_owned()),
        Code::ServerAway
        | Code::ConfirmationUnsent
        | Code::ConsentsUnknown
        | Code::LedgerDamaged
        | Code::LogLong
        | Code::SnapshotHeld
        | Code::LedgerUnwritable
        | Code::RecordsDamaged
        | Code::SessionsForeign
        | Code::ClockDoubted
        | Code::HeadNotKept
        | Code::LedgerSetBack
        | Code::RetentionBehind
        | Code::RetentionRefused
        | Code::ArchiveFailed
        | Code::SealKeysFailed
        | Code::AlertFailed
        | Code::PingFailed
        | Code::ReloadFailed => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attention::{attention, sample};

    #[test]
    fn each_has_the_way_to_where_it_is_done() {
        let all = attention(&sample::everything(), &[], &sample::limits(), sample::now());
        let to = |code| {
            let found = all.iter().find(|found| found.code == code).expect("it is told");
            (way_on(found, true).unwrap_or_default(), way_on(found, false).unwrap_or_default())
        };
        let both = |path: &str| (path.to_owned(), path.to_owned());
        assert_eq!(to(Code::DeliveriesUnreadable), both("/quarantine"));
        assert_eq!(to(Code::PastWaiting), both("/mluvii/past/3"));
        assert_eq!(to(Code::HoldOld), both("/holds/h-abababababab"));
        assert_eq!(to(Code::TargetPaused), both("/targets/erp"));
        // Who may not see tasks is not sent to them.
        assert_eq!(to(Code::TasksOpen), ("/tasks".to_owned(), "/targets/legal".to_owned()));
        assert_eq!(to(Code::RecheckLate), both("/targets/crm"));
        assert_eq!(to(Code::LedgerDamaged), both(""));
        let parked = all.iter().filter(|found| found.code == Code::StepsParked);
        let parked: Vec<_> = parked.filter_map(|found| way_on(found, false)).collect();
        assert_eq!(parked, ["/erasures?show=parked&target=crm", "/erasures?show=parked&target=mluvii"]);
        // None leads to something without a name.
        for path in all.iter().filter_map(|found| way_on(found, true)) {
            assert!(!path.ends_with('/') && !path.ends_with('='), "{path}");
        }
    }
}
