//! The language of a paper. A sentence stands in both languages beside one another, where it is said.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::typography;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lang {
    Cs,
    En,
}

impl Lang {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 2] = [Self::Cs, Self::En];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Cs => "cs",
            Self::En => "en",
        }
    }

    /// The sentence in this language, set so that no line ends where it must not.
    pub(super) fn say(self, czech: impl AsRef<str>, english: impl AsRef<str>) -> String {
        match self {
            Self::Cs => typography::czech(czech.as_ref()),
            Self::En => typography::english(english.as_ref()),
        }
    }

    /// A day in a text: `30. listopadu 2026`.
    pub(super) fn date(self, date: Date) -> String {
        let (day, year) = (date.day(), date.year());
        match self {
            Self::Cs => typography::czech(&format!("{day}. {} {year}", typography::month(date.month(), true))),
            Self::En => typography::english(&format!("{day} {} {year}", typography::month(date.month(), false))),
        }
    }

    /// The day of a time, in UTC.
    pub(super) fn day(self, time: Timestamp) -> String {
        self.date(time.to_zoned(TimeZone::UTC).date())
    }

    /// A time in a table, in UTC: `24. 11. 2026 10:14`.
    pub(super) fn time(self, time: Timestamp) -> String {
        let time = time.to_zoned(TimeZone::UTC);
        let (date, clock) = (time.date(), time.strftime("%H:%M"));
        match self {
            Self::Cs => typography::czech(&format!("{}. {}. {}\u{a0}{clock}", date.day(), date.month(), date.year())),
            Self::En => {
                let month = &typography::month(date.month(), false)[..3];
                format!("{}\u{a0}{month}\u{a0}{}\u{a0}{clock}", date.day(), date.year())
            }
        }
    }

    /// A number, its thousands apart.
    pub(super) fn number(self, number: u64) -> String {
        let digits = number.to_string();
        let mut apart = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                apart.push(match self {
                    Self::Cs => '\u{a0}',
                    Self::En => ',',
                });
            }
            apart.push(digit);
        }
        apart
    }

    /// A number with what it counts: one, two to four, and any other number in Czech; one and more in English.
    pub(super) fn count(self, number: u64, czech: [&str; 3], english: [&str; 2]) -> String {
        let [one, few, many] = czech;
        let word = match (self, number) {
            (Self::Cs, 1) => one,
            (Self::Cs, 2..=4) => few,
            (Self::Cs, _) => many,
            (Self::En, 1) => english[0],
            (Self::En, _) => english[1],
        };
        format!("{}\u{a0}{word}", self.number(number))
    }

    /// Texts one after the other, with `and` before the last.
    pub(super) fn list(self, texts: &[String]) -> String {
        let Some((last, others)) = texts.split_last() else { return String::new() };
        if others.is_empty() {
            return last.clone();
        }
        let and = self.say("a ", "and ");
        format!("{} {and}{last}", others.join(", "))
    }

    /// A text that came from elsewhere, as it is.
    pub(super) fn quoted(self, text: &str) -> String {
        let text = typography::foreign(text);
        match self {
            Self::Cs => format!("„{text}“"),
            Self::En => format!("“{text}”"),
        }
    }
}
