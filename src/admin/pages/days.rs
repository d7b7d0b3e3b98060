//! Days that are typed. They are days of the deployment, as deadlines are, whichever zone times are shown in: where that is another one, the
//! field says whose they are.

use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};

use super::fields::Fields;
use super::paging::no_such_list;
use super::parts::MustChoose;
use super::view::View;
use super::whom::{Wrong, field};
use super::words::records;
use crate::admin::problem::Problem;
use crate::deadline::read_day;

/// Which days can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    Any,
    FromToday,
    UntilToday,
}

/// A field for a day.
pub(super) struct DayField<'a> {
    pub(super) id: &'a str,
    /// By which it is sent.
    pub(super) name: &'a str,
    pub(super) label: &'a str,
    pub(super) hint: Option<&'a str>,
    pub(super) typed: Option<Date>,
    pub(super) within: Within,
    pub(super) must: MustChoose,
}

pub(super) fn day_field(view: &View, wrong: &[Wrong], of: &DayField<'_>) -> Markup {
    let zone = view.zone_of_days().map(|zone| view.say(records(view.lang).day_is_of, &[("zone", zone)]));
    let (min, max) = match of.within {
        Within::Any => (None, None),
        Within::FromToday => (Some(view.today()), None),
        Within::UntilToday => (None, Some(view.today())),
    };
    field(view, wrong, of.id, of.label, of.hint, |aria| {
        let of_zone = zone.as_ref().map(|_| format!("{}-z", of.id));
        let texts: Vec<_> = aria.described_by.iter().chain(&of_zone).map(String::as_str).collect();
        let described_by = (!texts.is_empty()).then(|| texts.join(" "));
        html! {
            @if let Some(zone) = &zone { span.hint id={ (of.id) "-z" } { (zone) } }
            input id=(of.id) name=(of.name) type="date" min=[min] max=[max] value=[of.typed] required[of.must == MustChoose::Yes]
                aria-invalid=[aria.invalid()] aria-describedby=[described_by];
        }
    })
}

/// How an address names the day since when a list is shown.
const SINCE: &str = "since";

/// A day since when a list is shown. It stands in the address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since {
    day: Date,
    pub(super) begin: Timestamp,
}

impl Since {
    pub(super) fn read(view: &View, fields: &Fields) -> Result<Option<Self>, Problem> {
        let text = fields.text(SINCE);
        if text.is_empty() {
            return Ok(None);
        }
        let day = read_day(text).ok_or_else(no_such_list)?;
        let begin = view.begin_of(day).ok_or_else(no_such_list)?;
        Ok(Some(Self { day, begin }))
    }

    /// As an address names it; empty where none is chosen.
    pub(super) fn word(since: Option<Self>) -> String {
        since.map(|since| since.day.to_string()).unwrap_or_default()
    }

    pub(super) fn field(view: &View, since: Option<Self>) -> Markup {
        let day = DayField {
            id: SINCE,
            name: SINCE,
            label: records(view.lang).since,
            hint: None,
            typed: since.map(|since| since.day),
            within: Within::UntilToday,
            must: MustChoose::No,
        };
        day_field(view, &[], &day)
    }
}
