//! Pictures of the last days, as SVG: deliveries, erasures that ended, and erasures that are not over. The same stands in a table behind them.

use maud::{Markup, html};

use super::parts::heads;
use super::view::View;
use super::words::{Operating, operating};
use crate::operations::days::ShownDay;

/// Width of a day in a picture, and the height of the greatest number.
const DAY: usize = 10;
const HEIGHT: u64 = 96;

/// Where numbers begin to grow from.
const FLOOR: u64 = 100;

/// Whether anything is in them.
pub(super) fn is_any(days: &[ShownDay]) -> bool {
    let is = |day: &ShownDay| day.counts.deliveries + day.counts.created + day.counts.ended + day.open.unwrap_or(0) > 0;
    days.iter().any(is)
}

/// The pictures, with a table of the same.
pub(super) fn pictures(view: &View, days: &[ShownDay]) -> Markup {
    let o = operating(view.lang);
    let (Some(first), Some(today)) = (days.first(), days.last()) else { return html! {} };
    let first = view.lang.date(first.day);
    let now = |count: u64| view.count(&o.today_count, count);
    let deliveries = |day: &ShownDay| day.counts.deliveries;
    let ended = |day: &ShownDay| day.counts.ended.saturating_sub(day.counts.without_receipt);
    let done = |day: &ShownDay| ended(day).saturating_sub(day.counts.incomplete);
    let incomplete = |day: &ShownDay| day.counts.incomplete;
    let sum = |of: &dyn Fn(&ShownDay) -> u64| view.lang.number(days.iter().map(of).sum());
    let erasures = view.say(o.erasures_sum, &[("done", &sum(&done)), ("incomplete", &sum(&incomplete))]);
    let stacks: Vec<[u64; 2]> = days.iter().map(|day| [done(day), incomplete(day)]).collect();
    let singles: Vec<[u64; 2]> = days.iter().map(|day| [deliveries(day), 0]).collect();
    let (bars, line) = (view.say(o.bars_from, &[("first", &first)]), view.say(o.line_from, &[("first", &first)]));
    let open = today.open.map(now).unwrap_or_default();
    // Servers write once a minute how much has come.
    let counted = view.say(o.counted_by, &[("time", &view.clock())]);
    let most_deliveries = format!("{} {counted}", most(view, o, days, deliveries));
    html! {
        section aria-labelledby="p-days" {
            h2 #p-days { (o.last_30_days) }
            div.charts {
                (figure("p-deliveries", o.deliveries_a_day, &now(deliveries(today)), &Figure {
                    first: &first, today: o.today, greatest: &view.lang.number(greatest(days.iter().map(deliveries))),
                    about: &bars, keys: html! {}, drawn: bars_of(view, days, &singles), below: &most_deliveries,
                }))
                (figure("p-erasures", o.erasures_a_day, &now(ended(today)), &Figure {
                    first: &first, today: o.today, greatest: &view.lang.number(greatest(days.iter().map(ended))), about: &bars,
                    keys: html! {
                        span { span.key {} (o.done_head) " " span.key.b {} (o.incomplete_head) }
                    },
                    drawn: bars_of(view, days, &stacks), below: &erasures,
                }))
                (figure("p-open", o.open_at_ends, &open, &Figure {
                    first: &first, today: o.today, greatest: &view.lang.number(greatest(days.iter().filter_map(|day| day.open))),
                    about: &line, keys: html! {}, drawn: line_of(days), below: &most(view, o, days, |day| day.open.unwrap_or(0)),
                }))
            }
            (table(view, o, days))
        }
    }
}

/// What is around a picture.
struct Figure<'a> {
    first: &'a str,
    today: &'a str,
    greatest: &'a str,
    /// What is drawn, for who does not see it.
    about: &'a str,
    keys: Markup,
    drawn: Markup,
    below: &'a str,
}

fn figure(id: &str, title: &str, now: &str, of: &Figure<'_>) -> Markup {
    let view_box = format!("0 0 {} {FLOOR}", DAY * 30);
    html! {
        figure.chart {
            figcaption { b { (title) } span { (now) } }
            div.axis { span { (of.greatest) } (of.keys) }
            svg viewBox=(view_box) preserveAspectRatio="none" role="img" aria-labelledby={ (id) "-t " (id) "-d" } {
                title id={ (id) "-t" } { (title) }
                desc id={ (id) "-d" } { (of.about) " " (of.below) }
                path class="grid" d="M0 4H300M0 52H300" {}
                (of.drawn)
            }
            div.axis { span { (of.first) } span { (of.today) } }
            p.small.muted { (of.below) }
        }
    }
}

fn greatest(of: impl Iterator<Item = u64>) -> u64 {
    of.max().unwrap_or(0)
}

/// How high a number is: what is there is seen, however small it is beside the greatest.
fn height(number: u64, greatest: u64) -> u64 {
    match number {
        0 => 0,
        number => (u128::from(number) * u128::from(HEIGHT) / u128::from(greatest.max(1))).max(2) as u64,
    }
}

/// A bar for each day, the second number on top of the first.
fn bars_of(view: &View, days: &[ShownDay], numbers: &[[u64; 2]]) -> Markup {
    let greatest = greatest(numbers.iter().map(|[below, above]| below + above));
    let bars = days.iter().zip(numbers).enumerate().map(|(at, (day, [below, above]))| {
        let (low, high) = (height(*below, greatest), height(*above, greatest));
        // Where both are small, together they may be higher than the picture.
        let high = high.min(FLOOR.saturating_sub(low));
        (at * DAY + 1, day.day, [*below, *above], low, high)
    });
    html! {
        @for (x, day, numbers, low, high) in bars {
            @if low > 0 {
                rect class="a" x=(x) y=(FLOOR - low) width="8" height=(low) { (tip(view, day, numbers[0])) }
            }
            @if high > 0 {
                rect class="b" x=(x) y=(FLOOR - low - high) width="8" height=(high) { (tip(view, day, numbers[1])) }
            }
        }
    }
}

/// What a pointer over a bar shows.
fn tip(view: &View, day: jiff::civil::Date, number: u64) -> Markup {
    html! { title { (view.lang.date(day)) ": " (view.lang.number(number)) } }
}

/// A line through what is known.
fn line_of(days: &[ShownDay]) -> Markup {
    let greatest = greatest(days.iter().filter_map(|day| day.open));
    let known = days.iter().enumerate().filter_map(|(at, day)| Some((at, day.open?)));
    let point = |(at, open)| format!("{},{}", at * DAY + DAY / 2, FLOOR - height(open, greatest));
    let points: Vec<String> = known.map(point).collect();
    html! { polyline points=(points.join(" ")) {} }
}

/// On which day most was.
fn most(view: &View, o: &Operating, days: &[ShownDay], of: impl Fn(&ShownDay) -> u64) -> String {
    let most = days.iter().max_by_key(|day| of(day)).filter(|day| of(day) > 0);
    match most {
        None => o.nothing_in_days.to_owned(),
        Some(day) => view.say(o.most_on, &[("day", &view.lang.date(day.day)), ("number", &view.lang.number(of(day)))]),
    }
}

fn table(view: &View, o: &Operating, days: &[ShownDay]) -> Markup {
    let w = view.words();
    let number = |number: u64| html! { td role="cell" { (view.lang.number(number)) } };
    html! {
        details {
            summary { (o.as_table) }
            div.scroll tabindex="0" role="region" aria-label=(o.numbers_of_days) {
                table role="table" {
                    caption { (w.newest_first) }
                    (heads(&[o.day_head, o.deliveries_head, o.done_head, o.incomplete_head, o.cancelled_head, o.open_head]))
                    tbody role="rowgroup" {
                        @for ShownDay { day, counts, open } in days.iter().rev() {
                            tr role="row" {
                                th scope="row" role="rowheader" { (view.day(*day)) }
                                (number(counts.deliveries))
                                (number(counts.ended.saturating_sub(counts.without_receipt + counts.incomplete)))
                                (number(counts.incomplete))
                                (number(counts.without_receipt))
                                @match open { Some(open) => (number(*open)), None => td role="cell" { (w.not_known) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_seen_and_nothing_is_higher_than_the_picture() {
        assert_eq!([0, 1, 500, 1_000].map(|number| height(number, 1_000)), [0, 2, 48, HEIGHT]);
        assert_eq!(height(u64::MAX, u64::MAX), HEIGHT);
        assert_eq!(height(0, 0), 0);
    }

    #[test]
    fn the_line_leaves_out_what_nobody_knows() {
        let day = |day: i8, open| ShownDay {
            day: jiff::civil::date(2026, 11, day),
            counts: crate::ledger::DayCounts::default(),
            open,
        };
        let drawn = line_of(&[day(1, None), day(2, Some(0)), day(3, Some(4))]).into_string();
        assert_eq!(drawn, r#"<polyline points="15,100 25,4"></polyline>"#);
    }
}
