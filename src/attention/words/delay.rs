//! What something waits for, in words that follow "waits for".

use jiff::Timestamp;

use super::time;
use crate::attention::delay::{Delay, DelayCode};

/// As it stands in a list: without why, and with days only.
pub(crate) fn delay_brief(delay: &Delay) -> String {
    words(delay, |at| at.strftime("%Y-%m-%d").to_string(), false)
}

/// With why, as the ledger has it.
pub(crate) fn delay_words(delay: &Delay) -> String {
    words(delay, time, true)
}

fn words(delay: &Delay, shown: fn(Timestamp) -> String, with_reason: bool) -> String {
    let Delay { code, target, until, since, too_late, reason } = delay;
    let target = target.as_ref().map_or("a target", |target| &*target.0);
    let until = until.map(shown).unwrap_or_default();
    let late = if *too_late { ", after the last day" } else { "" };
    let reason = reason.as_deref().filter(|_| with_reason).map(|reason| format!(": {reason}")).unwrap_or_default();
    match code {
        DelayCode::Unverified => "somebody to verify whose it is".to_owned(),
        DelayCode::Unanswered => {
            let since = since.map(|since| format!(" on {since}")).unwrap_or_default();
            format!("an answer to what was asked for{since}")
        }
        DelayCode::Reopened => "somebody to run `quietus erase-again`".to_owned(),
        DelayCode::Incomplete => "a further plan, or to be closed as incomplete".to_owned(),
        DelayCode::Unplanned => "a plan".to_owned(),
        DelayCode::NothingPlanned => "a plan that includes something, or its end".to_owned(),
        DelayCode::Unapproved => "the approval of somebody else".to_owned(),
        DelayCode::NotRun => "somebody to run its plan".to_owned(),
        DelayCode::Approval => "a person's approval".to_owned(),
        DelayCode::Parked => format!("a person, for {target}{reason}"),
        DelayCode::Held if until.is_empty() => format!("the end of a hold{reason}"),
        DelayCode::Held => format!("the end of a hold{reason}, until {until}{late}"),
        DelayCode::Paused => format!("{target}, which is paused"),
        DelayCode::Out => format!("{target}, which is out{reason}"),
        DelayCode::Task => format!("a task of {target}, until {until}{late}"),
        DelayCode::Report => format!("a report of {target}, until {until}{late}"),
        DelayCode::Link if until.is_empty() => "its link to be mailed".to_owned(),
        DelayCode::Link => format!("its link to be used, until {until}"),
        DelayCode::Purge => format!("{target}, which may purge until {until}{late} and is asked again then{reason}"),
        DelayCode::NotDue => format!("its time, {until}{late}"),
        DelayCode::Settling => "its sessions to settle".to_owned(),
        DelayCode::Target => format!("{target}{reason}"),
        DelayCode::Receipt => "its receipt".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::TargetName;

    #[test]
    fn every_code_has_words_that_fit_a_list_and_say_more_where_there_is_room() {
        let all = DelayCode::ALL.map(|code| Delay {
            code,
            target: Some(TargetName("crm".into())),
            until: Some(Timestamp::UNIX_EPOCH),
            since: Some(jiff::civil::date(2026, 11, 5)),
            too_late: code == DelayCode::Purge,
            reason: Some("503".into()),
        });
        let texts: Vec<_> = all.iter().map(|one| format!("{} | {}", delay_brief(one), delay_words(one))).collect();
        insta::assert_snapshot!(texts.join("\n"), @"
        somebody to verify whose it is | somebody to verify whose it is
        an answer to what was asked for on 2026-11-05 | an answer to what was asked for on 2026-11-05
        somebody to run `quietus erase-again` | somebody to run `quietus erase-again`
        a further plan, or to be closed as incomplete | a further plan, or to be closed as incomplete
        a plan | a plan
        a plan that includes something, or its end | a plan that includes something, or its end
        the approval of somebody else | the approval of somebody else
        somebody to run its plan | somebody to run its plan
        a person's approval | a person's approval
        a person, for crm | a person, for crm: 503
        the end of a hold, until 1970-01-01 | the end of a hold: 503, until 1970-01-01T00:00:00Z
        crm, which is paused | crm, which is paused
        crm, which is out | crm, which is out: 503
        a task of crm, until 1970-01-01 | a task of crm, until 1970-01-01T00:00:00Z
        a report of crm, until 1970-01-01 | a report of crm, until 1970-01-01T00:00:00Z
        its link to be used, until 1970-01-01 | its link to be used, until 1970-01-01T00:00:00Z
        crm, which may purge until 1970-01-01, after the last day and is asked again then | crm, which may purge until 1970-01-01T00:00:00Z, after the last day and is asked again then: 503
        its time, 1970-01-01 | its time, 1970-01-01T00:00:00Z
        its sessions to settle | its sessions to settle
        crm | crm: 503
        its receipt | its receipt
        ");
    }
}
