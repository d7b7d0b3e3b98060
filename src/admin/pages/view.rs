//! How a page is shown: to whom, in which language, in whose time; and the frame around it.

mod back;
mod not_approved;
mod refused;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use maud::{DOCTYPE, Markup, html};

use super::cookies::{Cookies, LANGUAGE, ZONE};
use super::words::{Forms, Words, explained, filled, operating, places, sweeping, words};
use super::{details, origin, place, style};
use crate::access::{Companies, Permission};
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::audit::Actor;
use crate::deadline::{Calendar, DEFAULT_ZONE};
use crate::language::Lang;
use crate::operations::Operations;
use crate::operations::accounts::Identity;

/// Where in the navigation a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Home,
    Requests,
    Erasures,
    Explain,
    Receipts,
    People,
    Consents,
    Holds,
    Tasks,
    Quarantine,
    Targets,
    Rules,
    Mluvii,
    Sweeps,
    Audit,
    Accounts,
    Own,
}

/// A page without its frame.
pub(super) struct Sheet {
    /// It stands in the browser's history, so it names nobody.
    pub(super) title: String,
    pub(super) section: Option<Section>,
    pub(super) body: Markup,
    pub(super) status: StatusCode,
    /// That the browser asks for it again after so many seconds.
    pub(super) every_s: Option<u16>,
}

impl Sheet {
    pub(super) fn new(title: impl Into<String>, section: Section, body: Markup) -> Self {
        Self { title: title.into(), section: Some(section), body, status: StatusCode::OK, every_s: None }
    }
}

/// An answer in the place of what was asked for.
pub(super) struct Refusal(Box<Response>);

impl Refusal {
    pub(super) fn of(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// To whom a page is shown, and how.
pub(super) struct View {
    pub(super) lang: Lang,
    pub(super) now: Timestamp,
    /// The page itself, to come back to.
    pub(super) path: String,
    /// By which address the browser knows the server, where it says so.
    pub(super) server: Option<String>,
    /// The list to which what was asked for belongs.
    list: Option<Section>,
    /// Of the deployment: its days are those by which deadlines end.
    calendar: Calendar,
    /// Where whoever reads is.
    reader: Calendar,
    who: Option<Identity>,
}

impl View {
    /// To somebody who has not signed in, or of whom it is not known.
    pub(super) fn of_stranger(parts: &Parts, admin: &Admin, on: &Operations) -> Self {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let is_shown = parts.method == Method::GET || parts.method == Method::HEAD;
        let calendar = on.settings.limits.calendar.clone();
        let chosen = Cookies::of(admin).read(&parts.headers, ZONE).and_then(Calendar::of);
        Self {
            lang: language(&parts.headers, Cookies::of(admin)),
            now: Timestamp::now(),
            // What was sent cannot be come back to.
            path: if is_shown { place::own(path).to_owned() } else { "/".to_owned() },
            server: origin::of(&parts.headers, admin.behind_proxy()),
            list: back::list_of(parts.uri.path()),
            reader: chosen.unwrap_or_else(|| calendar.clone()),
            calendar,
            who: None,
        }
    }

    pub(super) fn to(self, who: Identity) -> Self {
        Self { who: Some(who), ..self }
    }

    pub(super) fn words(&self) -> &'static Words {
        words(self.lang)
    }

    /// A sentence with what stands in it.
    pub(super) fn say(&self, sentence: &str, values: &[(&str, &str)]) -> String {
        filled(self.lang, sentence, values)
    }

    /// A sentence with what stands in it, where that is more than text.
    pub(super) fn fill(&self, sentence: &str, values: &[(&str, &Markup)]) -> Markup {
        let sentence = self.say(sentence, &[]);
        let mut rest = sentence.as_str();
        let mut filled = Vec::new();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, tail)) = after.split_once('}') else { break };
            filled.push((before, values.iter().find(|(known, _)| *known == name)));
            rest = tail;
        }
        html! { @for (before, value) in &filled { (before) @if let Some((_, value)) = value { (value) } } (rest) }
    }

    /// Since when something is so.
    pub(super) fn since(&self, since: Timestamp) -> Markup {
        self.fill(self.words().since_then, &[("since", &self.time(since))])
    }

    /// A sentence with the number in it.
    pub(super) fn count(&self, forms: &Forms, number: u64) -> String {
        forms.of(self.lang, number)
    }

    pub(super) fn today(&self) -> Date {
        self.calendar.day(self.now)
    }

    /// When a day is over, where the deployment is.
    pub(super) fn end_of(&self, day: Date) -> Option<Timestamp> {
        self.calendar.begin(day.tomorrow().ok()?)
    }

    /// When a day begins, where the deployment is.
    pub(super) fn begin_of(&self, day: Date) -> Option<Timestamp> {
        self.calendar.begin(day)
    }

    /// A day, for people and for programs.
    pub(super) fn day(&self, day: Date) -> Markup {
        html! { time datetime=(day) { (self.lang.date(day)) } }
    }

    /// A time in the reader's zone, which is named beside it.
    pub(super) fn time(&self, time: Timestamp) -> Markup {
        let shown = self.lang.moment(self.reader.clock(time));
        html! { time datetime=(time) { (shown) "\u{a0}" (self.reader.abbreviation(time)) } }
    }

    /// How the reader's clock stands now, to the second.
    pub(super) fn clock(&self) -> String {
        let time = self.reader.clock(self.now).strftime("%H:%M:%S");
        format!("{time}\u{a0}{}", self.reader.abbreviation(self.now))
    }

    /// The reader's clocks.
    pub(super) fn reader(&self) -> &Calendar {
        &self.reader
    }

    /// The name of the reader's zone, where it has one.
    pub(super) fn zone(&self) -> Option<&str> {
        self.reader.zone()
    }

    /// The name of the zone of the deployment.
    pub(super) fn default_zone(&self) -> &str {
        self.calendar.zone().unwrap_or(DEFAULT_ZONE)
    }

    /// The zone of the deployment, by which days are typed, where times are shown in another one.
    pub(super) fn zone_of_days(&self) -> Option<&str> {
        (self.reader.zone() != self.calendar.zone()).then(|| self.default_zone())
    }

    /// The companies that whoever reads may see, where those are not all of them.
    pub(super) fn only_companies(&self) -> Option<String> {
        match &self.who.as_ref()?.companies {
            Companies::All => None,
            Companies::Only(these) => {
                let names: Vec<_> = these.iter().map(ToString::to_string).collect();
                Some(self.lang.list(&names))
            }
        }
    }

    pub(super) fn may(&self, wanted: Permission) -> bool {
        self.who.as_ref().is_some_and(|who| who.roles.allow(wanted))
    }

    pub(super) fn page(&self, sheet: &Sheet) -> Response {
        let mut response = (sheet.status, self.framed(sheet).into_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.lang.as_str()));
        headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
        if let Some(every_s) = sheet.every_s {
            headers.insert(header::REFRESH, HeaderValue::from(every_s));
        }
        response
    }

    /// The page, or why there is none.
    pub(super) fn answer(&self, made: Result<Sheet, Problem>) -> Response {
        match made {
            Ok(sheet) => self.page(&sheet),
            Err(problem) => self.problem(&problem),
        }
    }

    /// Where somebody goes on after what they have ordered, or why it was not done.
    pub(super) fn done(&self, done: Result<String, Problem>) -> Response {
        match done {
            Ok(path) => see(&path),
            Err(problem) => self.problem(&problem),
        }
    }

    /// Why something was not done: what happened, why, and what to do.
    pub(super) fn problem(&self, problem: &Problem) -> Response {
        let w = self.words();
        let code = problem.code();
        let (title, advice) = (w.problem)(code);
        let word = serde_json::to_value(code).ok();
        let body = html! {
            div.head { h1 { (title) } p.lead { (advice) } }
            // Whoever has not signed in is told no more than that.
            @if self.who.is_some() || code != Code::Unauthenticated {
                @match (problem.refused(), problem.not_approved()) {
                    (Some(why), _) => p.measure { (refused::sentence(self, why)) },
                    (None, Some(why)) => p.measure { (self.not_approved(why)) },
                    (None, None) => p.measure { (details::said(self.lang, problem.detail())) },
                }
            }
            div.actions {
                @if self.who.is_some() {
                    @let back = self.list.filter(|_| code != Code::Forbidden).and_then(|list| self.way_to(list));
                    @if let Some((path, name)) = back { a.button.primary href=(path) { (name) } }
                    a.button.primary[back.is_none()] href="/" { (w.to_first_page) }
                }
                @else { a.button.primary href="/sign-in" { (w.sign_in) } }
            }
            @if let Some(word) = word.as_ref().and_then(|word| word.as_str()) {
                p.small.muted { (w.code) " " span.mono { (word) } }
            }
        };
        // A browser would ask for a user and password otherwise.
        let status = if code == Code::Unauthenticated { StatusCode::FORBIDDEN } else { code.status() };
        self.page(&Sheet { title: title.to_owned(), section: None, body, status, every_s: None })
    }

    fn framed(&self, sheet: &Sheet) -> Markup {
        let w = self.words();
        html! {
            (DOCTYPE)
            html lang=(self.lang.as_str()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex, nofollow";
                    title { (sheet.title) " – quietus" }
                    link rel="stylesheet" href=(style::path());
                    link rel="icon" type="image/svg+xml" href=(style::mark_path());
                }
                @match &self.who {
                    Some(who) => (self.shell(who, sheet)),
                    None => body.gate {
                        main #main { p.mark { "quietus" } (sheet.body) }
                        footer { p { (self.say(w.signed_out_by_itself, &[])) } p { (self.other_language()) } }
                    },
                }
            }
        }
    }

    fn shell(&self, who: &Identity, sheet: &Sheet) -> Markup {
        let w = self.words();
        let roles: Vec<_> = who.roles.iter().map(|role| (w.role)(role)).collect();
        let links = |sections: &[Section]| {
            let shown = sections.iter().filter_map(|section| Some((*section, self.way_to(*section)?)));
            html! {
                ul { @for (section, (path, name)) in shown {
                    li { a href=(path) aria-current=[(sheet.section == Some(section)).then_some("page")] { span { (name) } } }
                } }
            }
        };
        html! {
            body.shell #top {
                a.skip href="#main" { (w.skip) }
                header.top {
                    a.mark href="/" { "quietus" }
                    a.menu-open href="#menu" { (w.menu) }
                }
                nav.nav #menu aria-label=(w.main_menu) {
                    a.menu-close href="#top" { (w.close_menu) }
                    div { h2 { (w.work) } (links(&back::WORK)) }
                    div { h2 { (w.records) } (links(&back::RECORDS)) }
                    div.me {
                        p { b { (who.shown_as) } }
                        p.muted { (roles.join(", ")) }
                        p.links {
                            a href="/preferences" { (places(self.lang).reader_zone) }
                            a href="/sessions" aria-current=[(sheet.section == Some(Section::Own)).then_some("page")] {
                                (w.your_sessions)
                            }
                            (self.other_language())
                        }
                        form method="post" action="/sign-out" { button.plain { (w.sign_out) } }
                    }
                }
                main #main tabindex="-1" {
                    div.page { (sheet.body) }
                    @if let Some(zone) = self.zone() {
                        p.small.muted.zone { (self.say(w.times_are_of, &[("zone", zone)])) }
                    }
                }
            }
        }
    }

    /// Where a list is and how it is called, for whom it is shown: a way that is refused is none.
    fn way_to(&self, list: Section) -> Option<(&'static str, &'static str)> {
        let (w, o) = (self.words(), operating(self.lang));
        let sees_all = self.who.as_ref()?.companies == Companies::All;
        let (name, may) = match list {
            Section::Home => (w.needs_attention, true),
            Section::Own => (w.your_sessions, true),
            Section::Requests => (w.requests, true),
            Section::Erasures => (w.erasures, true),
            Section::Explain => (explained(self.lang).nav, true),
            Section::Holds => (w.holds, true),
            Section::People => (w.people, self.may(Permission::Requests)),
            Section::Consents => (w.consents.title, self.may(Permission::Requests)),
            Section::Tasks => (w.tasks, self.may(Permission::Requests)),
            Section::Quarantine => (o.quarantine, self.may(Permission::Operate)),
            Section::Mluvii => (o.mluvii, self.may(Permission::Operate)),
            Section::Sweeps => (sweeping(self.lang).title, self.may(Permission::Operate)),
            // These are of all companies.
            Section::Receipts => (w.receipts, sees_all),
            Section::Rules => (w.rules.title, sees_all),
            Section::Audit => (w.audit, sees_all),
            Section::Targets => (w.targets, sees_all && self.may(Permission::Operate)),
            Section::Accounts => (w.accounts, sees_all && self.may(Permission::SeeAccounts)),
        };
        may.then(|| (back::address(list), name))
    }

    fn other_language(&self) -> Markup {
        let (other, name) = match self.lang {
            Lang::Cs => (Lang::En, "English"),
            Lang::En => (Lang::Cs, "Čeština"),
        };
        let next = percent_encoding::utf8_percent_encode(&self.path, percent_encoding::NON_ALPHANUMERIC);
        html! {
            a href={ "/language/" (other.as_str()) "?next=" (next) } lang=(other.as_str()) hreflang=(other.as_str()) { (name) }
        }
    }
}

/// That the browser goes on there, and neither going back nor loading again repeats what was ordered.
pub(super) fn see(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    // Every path is of ours, and of names that are plain.
    let place = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, place);
    response
}

/// Who has done something, without the way in: that is for the audit.
pub(super) fn actor(actor: &Actor) -> String {
    let text = actor.to_string();
    text.strip_prefix("user:").map(str::to_owned).unwrap_or(text)
}

/// The one that was chosen, or the one that the browser wants.
fn language(headers: &HeaderMap, cookies: Cookies) -> Lang {
    let chosen = cookies.read(headers, LANGUAGE);
    if let Some(chosen) = Lang::ALL.into_iter().find(|lang| chosen == Some(lang.as_str())) {
        return chosen;
    }
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|accepted| accepted.to_str().ok());
    Lang::wanted(accepted.unwrap_or_default(), Lang::En)
}
