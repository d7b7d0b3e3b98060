//! Pages of what is under way, which the browser asks for again by itself: only when that is chosen, and not for ever.

use jiff::Timestamp;
use maud::{Markup, html};

use super::fields::Fields;
use super::view::View;

/// How often a page can ask for itself again, in seconds.
const EVERY_S: u16 = 10;

/// How long it does so, in seconds: a page that nobody looks at must not keep somebody signed in.
const REFRESHED_S: i64 = 600;

/// After how many seconds the browser is to ask again: as long as the link that it began with allows it, and that is never for longer than
/// each link does.
pub(super) fn every_s(fields: &Fields, now: Timestamp) -> Option<u16> {
    let until = fields.text("until").parse::<i64>().ok();
    let left_s = until.map(|until| until.saturating_sub(now.as_second()));
    let is_chosen = fields.text("every") == EVERY_S.to_string();
    (is_chosen && left_s.is_some_and(|left_s| (1..=REFRESHED_S).contains(&left_s))).then_some(EVERY_S)
}

/// The way to look again, and to have the browser do so or no longer.
pub(super) fn links(view: &View, path: &str, refreshes: bool) -> Markup {
    let w = view.words();
    html! {
        div.actions {
            a.button href=(path) { (w.look_again) }
            @if !refreshes { a href={ (path) "?every=" (EVERY_S) "&until=" (view.now.as_second() + REFRESHED_S) } { (view.count(&w.refresh_every, u64::from(EVERY_S))) } }
            @else { a href=(path) { (w.stop_refreshing) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_asks_for_itself_again_for_so_long_and_no_longer() {
        let begun = Timestamp::from_second(1_800_000_000).expect("a time");
        let is_refreshed = |query: &str, after_s: i64| {
            let now = Timestamp::from_second(begun.as_second() + after_s).expect("a time");
            every_s(&Fields::read(query).expect("a query"), now).is_some()
        };
        let linked = format!("every={EVERY_S}&until={}", begun.as_second() + REFRESHED_S);
        assert!(is_refreshed(&linked, 0) && is_refreshed(&linked, REFRESHED_S - 1));
        assert!(!is_refreshed(&linked, REFRESHED_S) && !is_refreshed(&linked, REFRESHED_S * 9));
        // Nobody writes themselves a link without an end.
        for wrong in ["", "every=10", "every=1&until=1800000009", "every=10&until=1900000000", "every=10&until=x"] {
            assert!(!is_refreshed(wrong, 0), "{wrong}");
        }
    }
}
