//! Where a line must not break: after a one-letter preposition in Czech, between a number and what it counts, inside a date, an
//! abbreviation and its number.

const NO_BREAK: char = '\u{a0}';

/// Words after which a line must not break, in Czech beside those of one letter.
const CZECH: [&str; 16] = [
    "č.", "čl.", "odst.", "písm.", "§", "§§", "str.", "tzv.", "např.", "s.", "r.", "a.", "pplk.", "č. j.", "článku",
    "bodu",
];

const ENGLISH: [&str; 8] = ["§", "§§", "Art.", "No.", "no.", "Article", "para.", "p."];

const MONTHS: [&str; 24] = [
    "ledna",
    "února",
    "března",
    "dubna",
    "května",
    "června",
    "července",
    "srpna",
    "září",
    "října",
    "listopadu",
    "prosince",
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The month's name in a Czech date, or an English one.
pub(crate) fn month(number: i8, is_czech: bool) -> &'static str {
    let place = usize::try_from(number - 1).unwrap_or_default() % 12;
    MONTHS[place + if is_czech { 0 } else { 12 }]
}

pub(crate) fn czech(text: &str) -> String {
    let binds = |word: &str, next: &str| {
        is_letter(word) || CZECH.contains(&&*word.to_lowercase()) || counts(word, next) || is_law(word, next)
    };
    bound(text, binds)
}

pub(crate) fn english(text: &str) -> String {
    bound(text, |word, next| ENGLISH.contains(&word) || counts(word, next) || is_law(word, next))
}

/// A text that came from elsewhere, in whatever language: laws are named alike in all of them.
pub(crate) fn foreign(text: &str) -> String {
    bound(text, |word, next| ["§", "§§", "č."].contains(&word) || is_law(word, next))
}

/// The number of a law, before the collection that it stands in: `563/1991 Sb.`.
fn is_law(word: &str, next: &str) -> bool {
    let is_number = |digits: &str| !digits.is_empty() && digits.chars().all(|one| one.is_ascii_digit());
    let numbers = word.split_once('/').is_some_and(|(number, year)| is_number(number) && is_number(year));
    numbers && next.starts_with("Sb.")
}

/// A preposition or conjunction of one letter.
fn is_letter(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(|letter| "ksvzouaiKSVZOUAI".contains(letter)) && letters.next().is_none()
}

/// A number before what it counts, and the parts of a date.
fn counts(word: &str, next: &str) -> bool {
    let digits = word.trim_end_matches('.');
    let is_number = !digits.is_empty() && digits.chars().all(|one| one.is_ascii_digit() || one == NO_BREAK);
    let begins = next.chars().next();
    let goes_on = match word.ends_with('.') {
        // A sentence may end with a number.
        true => begins.is_some_and(|one| one.is_ascii_digit()) || MONTHS.iter().any(|month| next.starts_with(month)),
        false => begins.is_some_and(char::is_alphabetic),
    };
    let is_year = MONTHS.contains(&word) && begins.is_some_and(|one| one.is_ascii_digit());
    is_number && goes_on || is_year
}

/// The text with no break behind each word that binds the next one.
fn bound(text: &str, binds: impl Fn(&str, &str) -> bool) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let mut set = String::with_capacity(text.len());
    for (place, word) in words.iter().enumerate() {
        set.push_str(word);
        let Some(next) = words.get(place + 1) else { break };
        let bare = word.trim_start_matches(['„', '(', '[', '“', '‘']);
        set.push(if binds(bare, next) { NO_BREAK } else { ' ' });
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(set: String, expected: &str) {
        assert_eq!(set.replace(NO_BREAK, "~"), expected);
    }

    #[test]
    fn czech_lines_do_not_end_with_what_belongs_to_the_next_word() {
        check(czech("Žádost o výmaz v mluvii a u dodavatele"), "Žádost o~výmaz v~mluvii a~u~dodavatele");
        check(czech("dne 30. listopadu 2026 (v 10 hodin)"), "dne 30.~listopadu~2026 (v~10~hodin)");
        check(czech("podle čl. 12 odst. 3 písm. b) GDPR"), "podle čl.~12~odst.~3~písm.~b) GDPR");
        check(czech("24. 11. 2026 10:14"), "24.~11.~2026 10:14");
        check(czech("Doklad č. 1. Potom"), "Doklad č.~1. Potom");
        check(czech("„V systému“ kdo"), "„V~systému“ kdo");
        check(czech("podle 563/1991 Sb., § 31"), "podle 563/1991~Sb., §~31");
    }

    #[test]
    fn the_name_of_a_law_stays_in_one_line_whoever_says_it() {
        check(english("kept by 563/1991 Sb., § 31"), "kept by 563/1991~Sb., §~31");
        check(foreign("a law (č. 235/2004 Sb.) and 5 rows"), "a law (č.~235/2004~Sb.) and 5 rows");
    }

    #[test]
    fn english_dates_and_articles_stay_in_one_line() {
        check(english("on 30 November 2026, Art. 17 and 5 sessions"), "on 30~November~2026, Art.~17~and 5~sessions");
    }
}
