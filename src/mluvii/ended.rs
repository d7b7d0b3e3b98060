//! Which sessions have ended in a time, or which of them are not anonymized, by windows of time. Nothing is believed of the list: a filter that is ignored is refused, and an
//! answer counts as whole only if it is shorter than the longest that was ever seen, as the largest page is not known, and nothing comes after it. Any other is cut in
//! three: before, in and after the millisecond in which its middle session ended; what is left of one millisecond is read by offset.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use super::calls::Purpose;
use super::client::MluviiClient;
use super::error::MluviiError;
use super::keep::{Keep, Kept};
use super::submitted::{FORM, SubmittedForm, submitted};
use super::template::Template;
use super::transport::garbage;
use crate::event::parse_timestamp;
use crate::subject::{SessionId, TenantId};

const ENDED: Keep =
    Keep::Fields(&[("id", Keep::Text), ("ended", Keep::Text), ("departmentId", Keep::Text), ("activities", FORM)]);
const LIST: Keep = Keep::Fields(&[
    ("id", Keep::Text),
    ("ended", Keep::Text),
    ("departmentId", Keep::Text),
    ("activities", FORM),
    ("sessions", ENDED),
    ("items", ENDED),
    ("data", ENDED),
    ("results", ENDED),
]);
const WRAPPERS: [&str; 4] = ["sessions", "items", "data", "results"];

/// The limits that are tried: the first that is not refused stays.
const LIMITS: [&str; 4] = ["1000", "200", "50", "1"];

/// How often one request is made again because mluvii asks for a pause, and the shortest and the longest one.
const BUSY_MAX: u32 = 5;
const BUSY_PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// How far a session's end may lie outside of the window by which it was listed: some compare whole seconds.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(1);

/// A time in which nothing has ended, as there was no mluvii.
const BEFORE_ALL: [&str; 2] = ["1990-01-01T00:00:00.000Z", "1990-01-02T00:00:00.000Z"];

/// Requests for one window; a list that needs more is no list of a time.
const REQUESTS_MAX: usize = 1_000_000;

/// A session that has ended, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndedSession {
    pub(crate) id: SessionId,
    pub(crate) ended: Timestamp,
    /// Where the list shows it.
    pub(crate) department: Option<TenantId>,
    /// The forms that were submitted in it, where the list shows them.
    pub(crate) forms: Vec<SubmittedForm>,
}

/// A window of time, in whole milliseconds; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// What is learned of an installation's lists while they are read.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    /// Of [`LIMITS`].
    limit: usize,
    /// The longest answer so far: one that is shorter is whole.
    longest: usize,
    is_proved: bool,
    pub(crate) requests: usize,
}

impl MluviiClient {
    /// All sessions that have ended in a window, each once.
    pub(crate) async fn ended(
        &self,
        window: Window,
        sweep: &mut Sweep,
    ) -> Result<BTreeMap<SessionId, EndedSession>, MluviiError> {
        self.ended_by(&self.requests.list_ended, window, sweep).await
    }

    /// Those of them that mluvii lists as not anonymized. Whether it heeds that filter, is not known by this.
    pub(crate) async fn ended_not_anonymized(
        &self,
        window: Window,
        sweep: &mut Sweep,
    ) -> Result<BTreeMap<SessionId, EndedSession>, MluviiError> {
        self.ended_by(&self.requests.list_ended_not_anonymized, window, sweep).await
    }

    async fn ended_by(
        &self,
        request: &Template,
        window: Window,
        sweep: &mut Sweep,
    ) -> Result<BTreeMap<SessionId, EndedSession>, MluviiError> {
        if !sweep.is_proved {
            let [from, to] = BEFORE_ALL;
            if !self.ended_page(request, from, to, 0, sweep).await?.is_empty() {
                return Err(refused(
                    request,
                    "a time before there was mluvii lists sessions, so the filter is ignored",
                ));
            }
            sweep.is_proved = true;
        }
        let mut found = BTreeMap::new();
        let mut open = vec![window];
        let end = sweep.requests + REQUESTS_MAX;
        while let Some(window) = open.pop() {
            must_end(request, sweep, end)?;
            // Inclusive at both ends, and of times that are cut to milliseconds: the one after the last, too.
            let (from, to) = (written(window.from), written(window.to.saturating_add(1)));
            let page = self.ended_page(request, &from, &to, 0, sweep).await?;
            must_be_within(request, window, &page)?;
            let is_short = page.len() < sweep.longest;
            let is_whole = page.is_empty() || is_short && self.is_all(request, (&from, &to), &page, sweep).await?;
            sweep.longest = sweep.longest.max(page.len());
            let middle = middle(window, &page);
            let page = found_in(&mut found, page);
            if is_whole || page == 0 {
                continue;
            }
            match middle {
                Some(at) => open.extend(cut(window, at)),
                None => self.rest(request, window, page, &mut found, (&mut *sweep, end)).await?,
            }
        }
        Ok(found)
    }

    /// Whether nothing comes after a page that is shorter than others: pages may be cut by their bytes. Where the offset is ignored, the
    /// same comes again, and its length has to do; so it has where one behind the end is refused.
    async fn is_all(
        &self,
        request: &Template,
        (from, to): (&str, &str),
        page: &[EndedSession],
        sweep: &mut Sweep,
    ) -> Result<bool, MluviiError> {
        let next = match self.ended_page(request, from, to, page.len(), sweep).await {
            Err(MluviiError::Refused(what)) if is_bad_request(&what) => return Ok(true),
            next => next?,
        };
        let ids = |page: &[EndedSession]| page.iter().map(|one| one.id).collect::<BTreeSet<_>>();
        Ok(next.is_empty() || ids(&next) == ids(page))
    }

    /// The rest of a window of one millisecond, whose first page has so many sessions.
    async fn rest(
        &self,
        request: &Template,
        window: Window,
        mut offset: usize,
        found: &mut BTreeMap<SessionId, EndedSession>,
        (sweep, end): (&mut Sweep, usize),
    ) -> Result<(), MluviiError> {
        let (from, to) = (written(window.from), written(window.to.saturating_add(1)));
        loop {
            must_end(request, sweep, end)?;
            let page = self.ended_page(request, &from, &to, offset, sweep).await?;
            must_be_within(request, window, &page)?;
            if page.is_empty() {
                return Ok(());
            }
            let (length, before) = (page.len(), found.len());
            found_in(found, page);
            if found.len() == before {
                return Err(refused(
                    request,
                    "its offset is ignored, and more sessions ended in one moment than it lists",
                ));
            }
            offset += length;
        }
    }

    /// One page, with the largest limit that is taken.
    async fn ended_page(
        &self,
        request: &Template,
        from: &str,
        to: &str,
        offset: usize,
        sweep: &mut Sweep,
    ) -> Result<Vec<EndedSession>, MluviiError> {
        let mut busy = 0;
        loop {
            let limit = LIMITS[sweep.limit.min(LIMITS.len() - 1)];
            sweep.requests += 1;
            match self.list(request, &[from, to, limit, &offset.to_string()], Purpose::Work).await {
                Ok(json) => return list(&json).ok_or_else(|| garbage(&request.to_string())),
                // A limit that is too large is refused by 400, and by the first page.
                Err(MluviiError::Refused(what))
                    if offset == 0 && is_bad_request(&what) && sweep.limit + 1 < LIMITS.len() =>
                {
                    sweep.limit += 1;
                    // Pages are shorter from here on.
                    sweep.longest = 0;
                }
                Err(MluviiError::Busy { retry_after, .. }) if busy < BUSY_MAX => {
                    busy += 1;
                    sleep(retry_after.unwrap_or_default().clamp(BUSY_PAUSES.0, BUSY_PAUSES.1)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// As mluvii's public clients write it.
fn written(millis: i64) -> String {
    let time = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn list(json: &[u8]) -> Option<Vec<EndedSession>> {
    // One that cannot be read makes it no list: left out, its session would be missed.
    LIST.read(json)?.into_list(&WRAPPERS)?.iter().map(one).collect()
}

fn one(kept: &Kept) -> Option<EndedSession> {
    Some(EndedSession {
        id: SessionId(kept.text("id")?.parse().ok()?),
        ended: kept.text("ended").and_then(parse_timestamp)?,
        department: kept.text("departmentId").and_then(|text| text.parse().ok()).map(TenantId),
        forms: kept.field("activities").map(submitted).unwrap_or_default(),
    })
}

fn must_end(request: &Template, sweep: &Sweep, end: usize) -> Result<(), MluviiError> {
    if sweep.requests < end { Ok(()) } else { Err(refused(request, "the list does not end")) }
}

fn must_be_within(request: &Template, window: Window, page: &[EndedSession]) -> Result<(), MluviiError> {
    let from = Timestamp::from_millisecond(window.from).unwrap_or(Timestamp::MIN);
    let to = Timestamp::from_millisecond(window.to.saturating_add(1)).unwrap_or(Timestamp::MAX);
    let is_within =
        |one: &EndedSession| from.duration_since(one.ended) <= TOLERANCE && one.ended.duration_since(to) <= TOLERANCE;
    match page.iter().all(is_within) {
        true => Ok(()),
        false => Err(refused(request, "it lists a session that ended at another time, so the filter is ignored")),
    }
}

/// Where a window is cut: at the end of the session in the middle of what it lists. `None` of one millisecond.
fn middle(window: Window, page: &[EndedSession]) -> Option<i64> {
    if window.from >= window.to {
        return None;
    }
    let mut ends: Vec<_> = page.iter().map(|one| one.ended.as_millisecond().clamp(window.from, window.to)).collect();
    ends.sort_unstable();
    ends.get(ends.len() / 2).copied()
}

/// Before, at and after a millisecond.
fn cut(window: Window, at: i64) -> impl Iterator<Item = Window> {
    let parts =
        [Window { from: window.from, to: at - 1 }, Window { from: at, to: at }, Window { from: at + 1, to: window.to }];
    parts.into_iter().filter(|part| part.from <= part.to)
}

/// Adds what is new; returns how many there were.
fn found_in(found: &mut BTreeMap<SessionId, EndedSession>, page: Vec<EndedSession>) -> usize {
    let length = page.len();
    found.extend(page.into_iter().map(|one| (one.id, one)));
    length
}

fn refused(request: &Template, why: &str) -> MluviiError {
    MluviiError::Refused(format!("{request}: {why}; see `{}`", request.key()))
}

/// Whether what was asked for was refused, and not who asked: only that says something of a limit or an offset.
fn is_bad_request(refusal: &str) -> bool {
    refusal.contains(": 400")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_cut_into_parts_that_are_all_of_it() {
        let parts: Vec<_> = cut(Window { from: 5, to: 9 }, 7).map(|part| (part.from, part.to)).collect();
        assert_eq!(parts, [(5, 6), (7, 7), (8, 9)]);
        let parts: Vec<_> = cut(Window { from: 5, to: 9 }, 5).map(|part| (part.from, part.to)).collect();
        assert_eq!(parts, [(5, 5), (6, 9)]);
    }

    #[test]
    fn times_are_written_as_mluvii_reads_them() {
        assert_eq!(written(1_714_658_724_454), "2024-05-02T14:05:24.454Z");
        assert_eq!(written(0), "1970-01-01T00:00:00.000Z");
    }
}
