//! The languages of papers, mails and pages, and how dates and numbers are written in them.

pub(crate) mod sentence;
pub(crate) mod typography;

use jiff::civil::{Date, DateTime};

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lang {
    Cs,
    En,
}

impl Lang {
    pub(crate) const ALL: [Self; 2] = [Self::Cs, Self::En];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Cs => "cs",
            Self::En => "en",
        }
    }

    /// The one that a browser wants most (RFC 9110, 12.5.4); `otherwise` where it wants neither.
    pub(crate) fn wanted(accepted: &str, otherwise: Self) -> Self {
        let mut best: Option<(f32, Self)> = None;
        for item in accepted.split(',') {
            let mut parts = item.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            let language = match tag.split('-').next() {
                // Whoever reads Slovak reads Czech.
                Some("cs" | "sk") => Self::Cs,
                Some("en") => Self::En,
                _ => continue,
            };
            if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
                best = Some((weight, language));
            }
        }
        best.map_or(otherwise, |(_, language)| language)
    }

    /// The sentence in this language, set so that no line ends where it must not.
    pub(crate) fn say(self, czech: impl AsRef<str>, english: impl AsRef<str>) -> String {
        match self {
            Self::Cs => typography::czech(czech.as_ref()),
            Self::En => typography::english(english.as_ref()),
        }
    }

    /// A day in a text: `30. listopadu 2026`.
    pub(crate) fn date(self, date: Date) -> String {
        let (day, year) = (date.day(), date.year());
        match self {
            Self::Cs => typography::czech(&format!("{day}. {} {year}", typography::month(date.month(), true))),
            Self::En => typography::english(&format!("{day} {} {year}", typography::month(date.month(), false))),
        }
    }

    /// What a clock shows, in a table: `24. 11. 2026 10:14`.
    pub(crate) fn moment(self, time: DateTime) -> String {
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
    pub(crate) fn number(self, number: u64) -> String {
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
    pub(crate) fn count(self, number: u64, czech: [&str; 3], english: [&str; 2]) -> String {
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
    pub(crate) fn list(self, texts: &[String]) -> String {
        let Some((last, others)) = texts.split_last() else { return String::new() };
        if others.is_empty() {
            return last.clone();
        }
        let and = self.say("a ", "and ");
        format!("{} {and}{last}", others.join(", "))
    }

    /// A text that came from elsewhere, as it is.
    pub(crate) fn quoted(self, text: &str) -> String {
        let text = typography::foreign(text);
        match self {
            Self::Cs => format!("„{text}“"),
            Self::En => format!("“{text}”"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_that_is_wanted_most() {
        for (accepted, expected) in [
            ("cs", Lang::Cs),
            ("cs-CZ,cs;q=0.9,en;q=0.8", Lang::Cs),
            ("en-GB,en;q=0.9,cs;q=0.8", Lang::En),
            ("de,en;q=0.5,cs;q=0.7", Lang::Cs),
            ("sk", Lang::Cs),
            ("cs;q=0, en;q=0.1", Lang::En),
            ("cs;q=x", Lang::Cs),
            ("EN", Lang::En),
        ] {
            assert_eq!(Lang::wanted(accepted, Lang::En), expected, "{accepted}");
        }
        for neither in ["", "de", "*", ",,;", "cs;q=0"] {
            assert_eq!(Lang::wanted(neither, Lang::Cs), Lang::Cs, "{neither}");
            assert_eq!(Lang::wanted(neither, Lang::En), Lang::En, "{neither}");
        }
    }
}
