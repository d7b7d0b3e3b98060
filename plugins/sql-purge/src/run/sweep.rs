//! Whom the configured lists hold, a page at a time. In a transaction in which the server lets nothing change.

use quietus_plugin::{PluginError, Sweep, Swept, SweptRecord};
use serde::{Deserialize, Serialize};

use super::Run;
use crate::database::{Access, Key, Row, Serves};
use crate::plan::Lists;
use crate::statement::Column;
use crate::told;
use crate::waiting::{Stop, attended};

/// Of the values of one page: whatever has to be escaped of them, they fit into a frame.
const PAGE_BYTES_MAX: usize = 128 << 10;
/// A key that is longer is none.
const KEY_BYTES_MAX: usize = 1024;

/// Where a page begins: which list, and after which row.
#[derive(Serialize, Deserialize)]
struct Place {
    /// The mark of the lists among which `list` counts: among others, it would be another one, and whoever is in those before it would not be
    /// told of.
    lists: u64,
    list: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Key>,
}

impl Run<'_> {
    pub(crate) fn sweep(&self, wanted: &Sweep) -> Result<Swept, PluginError> {
        if self.plan.lists.is_empty() {
            return Err(PluginError::permanent(
                "nothing says how this database lists whom it holds: `sweep` is not configured",
            ));
        }
        // What cannot be read is of another version of this plugin: that is no reason to leave anybody out.
        let cursor = wanted.cursor.as_ref().map(|cursor| serde_json::from_slice(cursor.expose()));
        let place: Option<Place> = cursor.transpose().map_err(|_: serde_json::Error| begin_anew())?;
        let lists = self.plan.swept_as;
        let place = match place {
            Some(place) if place.lists != lists => return Err(begin_anew()),
            place => place.unwrap_or(Place { lists, list: 0, after: None }),
        };
        let list = self.plan.lists.get(place.list).ok_or_else(begin_anew)?;
        let records_max = wanted.records_max.max(1);
        let stop = Stop::default();
        attended(self.call, &stop, async {
            let mut session = self.connect(&stop).await?;
            let serves = session.begin(Access::Look, self.limits()).await.map_err(|e| e.anywhere())?;
            // One more than a page has, to see where it would be cut.
            let rows = records_max.saturating_add(1);
            let rows = session.list(&list.listing, place.after.as_ref(), rows).await;
            let rows = rows.map_err(|e| e.in_statement(&list.name))?;
            session.close().await;
            let page = page(list, &rows, records_max, wanted)?;
            let next = match page.next {
                Some(after) => Some(Place { lists, list: place.list, after: Some(after) }),
                None => {
                    let next = Place { lists, list: place.list + 1, after: None };
                    Some(next).filter(|next| next.list < self.plan.lists.len())
                }
            };
            let swept = match next {
                Some(next) => Swept::page(page.records, serde_json::to_vec(&next).unwrap_or_default()),
                None => Swept::last(page.records),
            };
            Ok(match serves {
                Serves::Replica => swept.not_looked_at(told::FOLLOWED),
                Serves::All | Serves::Ring | Serves::Hidden { .. } => swept,
            })
        })
    }
}

/// The place at which a page is to begin is none of these lists': only a sweep from its beginning tells of all.
fn begin_anew() -> PluginError {
    PluginError::permanent("the place at which it is to go on is none of these lists, or none any more: begin anew")
}

struct Page {
    records: Vec<SweptRecord>,
    /// The key after which the next one begins; none where the list is over.
    next: Option<Key>,
}

fn page(list: &Lists, rows: &[Row], records_max: u32, wanted: &Sweep) -> Result<Page, PluginError> {
    let refused = |why: &str| Err(PluginError::permanent(format!("statement `{}`: {why}", list.name)));
    let mut page = Page { records: Vec::new(), next: None };
    let mut bytes = 0;
    for (n, (key, values)) in rows.iter().enumerate() {
        let Some(key) = key.as_ref().filter(|key| key.text.len() <= KEY_BYTES_MAX) else {
            return refused("its `key` is null, or none that rows go by");
        };
        if n == records_max as usize || bytes > PAGE_BYTES_MAX {
            // Of two rows with one key, the next page would begin after both.
            if page.next.as_ref().is_some_and(|last| last.text.to_lowercase() == key.text.to_lowercase()) {
                return refused("its `key` is not unique: take the primary key");
            }
            return Ok(page);
        }
        let record = record(list, values, wanted);
        bytes += record.identifiers.iter().map(|one| one.value.expose().len()).sum::<usize>();
        if !record.identifiers.is_empty() {
            page.records.push(record);
        }
        page.next = Some(key.clone());
    }
    page.next = None;
    Ok(page)
}

fn record(list: &Lists, values: &[Option<String>], wanted: &Sweep) -> SweptRecord {
    let mut record = SweptRecord::default();
    for ((column, _), value) in list.listing.columns.iter().zip(values) {
        let Some(value) = value else { continue };
        record = match column {
            Column::Identifier(kind) if wanted.wants(kind) => record.identifier(kind.clone(), value),
            Column::Identifier(_) => record,
            Column::Created => record.created_ms(millis(value)),
            Column::Changed => record.changed_ms(millis(value)),
        };
    }
    record
}

/// Seconds since 1970, with or without a fraction, as a server writes them.
fn millis(seconds: &str) -> Option<i64> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let whole: i64 = whole.parse().ok()?;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths: i64 = format!("{:0<3}", fraction.get(..3).unwrap_or(fraction)).parse().ok()?;
    let sign = if seconds.starts_with('-') { -1 } else { 1 };
    whole.checked_mul(1000)?.checked_add(sign * thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seconds: &str, expected: Option<i64>) {
        assert_eq!(millis(seconds), expected, "{seconds}");
    }

    #[test]
    fn seconds_are_read_as_servers_write_them() {
        check("1700000000", Some(1_700_000_000_000));
        check("1700000000.123456", Some(1_700_000_000_123));
        check("1700000000.5", Some(1_700_000_000_500));
        check("-1.25", Some(-1_250));
        check("2024-05-31 10:00:00", None);
        check("1.x", None);
        check("", None);
    }
}
