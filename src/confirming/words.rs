//! What the mail says, in each language. Not whether anything is known of the address: that is the same for every one.

use jiff::Timestamp;

use super::language::Language;

/// The subject of a mail in these languages.
pub(super) fn subject(languages: &[Language], company: &str) -> String {
    let one = |language: &Language| match language {
        Language::Cs => "Potvrďte prosím žádost o výmaz",
        Language::En => "Please confirm your request for erasure",
    };
    format!("{} ({company})", languages.iter().map(one).collect::<Vec<_>>().join(" / "))
}

/// The text of a mail in these languages, one below the other.
pub(super) fn body(languages: &[Language], company: &str, url: &str, expires: Timestamp) -> String {
    let until = expires.strftime("%-d. %-m. %Y %H:%M UTC");
    let one = |language: &Language| match language {
        Language::Cs => format!(
            "Dobrý den,\n\n\
             někdo v chatu společnosti {company} vyplnil tuto e-mailovou adresu do formuláře, který žádá o výmaz údajů.\n\n\
             Pokud jste to byli vy, otevřete tuto stránku a potvrďte ji tlačítkem:\n\n\
             {url}\n\n\
             Odkaz platí do {until} a použít ho lze jednou. Dokud žádost nepotvrdíte, nic se na jejím základě nemaže.\n\n\
             Pokud jste to nebyli vy, nemusíte dělat nic. Odkaz nikomu nepřeposílejte.\n"
        ),
        Language::En => format!(
            "Hello,\n\n\
             somebody has written this e-mail address into a form in the chat of {company} that asks for data to be erased.\n\n\
             If that was you, open this page and confirm it by its button:\n\n\
             {url}\n\n\
             The link is valid until {until} and can be used once. Until you confirm, nothing is erased because of it.\n\n\
             If it was not you, you need not do anything. Do not forward the link to anybody.\n"
        ),
    };
    languages.iter().map(one).collect::<Vec<_>>().join("\n----\n\n")
}
