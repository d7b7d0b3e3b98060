//! What the mail says, in each language. Not whether anything is known of the address: that is the same for every one.

use jiff::Timestamp;

use crate::language::Lang;

/// The subject of a mail in these languages.
pub(super) fn subject(languages: &[Lang], company: &str) -> String {
    let one = |language: &Lang| match language {
        Lang::Cs => "Potvrďte prosím žádost o výmaz",
        Lang::En => "Please confirm your request for erasure",
    };
    format!("{} ({company})", languages.iter().map(one).collect::<Vec<_>>().join(" / "))
}

/// What a link confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// That a form in the chat was filled in by whom it names.
    Form,
    /// That a request which reached the company, such as by a letter, is that of whom it names.
    Request,
}

/// The text of a mail in these languages, one below the other.
pub(super) fn body(languages: &[Lang], about: About, company: &str, url: &str, expires: Timestamp) -> String {
    let until = expires.strftime("%-d. %-m. %Y %H:%M UTC");
    let one = |language: &Lang| match (about, language) {
        (About::Request, Lang::Cs) => format!(
            "Dobrý den,\n\n\
             společnost {company} dostala žádost o výmaz osobních údajů, v níž je uvedena tato e-mailová adresa.\n\n\
             Pokud jste o výmaz žádali vy, otevřete tuto stránku a potvrďte to tlačítkem:\n\n\
             {url}\n\n\
             Odkaz platí do {until} a použít ho lze jednou. Potvrzujete jím, že žádost je vaše.\n\n\
             Pokud jste o nic nežádali, nemusíte dělat nic. Odkaz nikomu nepřeposílejte.\n"
        ),
        (About::Request, Lang::En) => format!(
            "Hello,\n\n\
             {company} has received a request for the erasure of personal data, in which this e-mail address is given.\n\n\
             If it was you who asked for it, open this page and confirm that by its button:\n\n\
             {url}\n\n\
             The link is valid until {until} and can be used once. By it you confirm that the request is yours.\n\n\
             If you have not asked for anything, you need not do anything. Do not forward the link to anybody.\n"
        ),
        (About::Form, Lang::Cs) => format!(
            "Dobrý den,\n\n\
             někdo v chatu společnosti {company} vyplnil tuto e-mailovou adresu do formuláře, který žádá o výmaz údajů.\n\n\
             Pokud jste to byli vy, otevřete tuto stránku a potvrďte ji tlačítkem:\n\n\
             {url}\n\n\
             Odkaz platí do {until} a použít ho lze jednou. Dokud žádost nepotvrdíte, nic se na jejím základě nemaže.\n\n\
             Pokud jste to nebyli vy, nemusíte dělat nic. Odkaz nikomu nepřeposílejte.\n"
        ),
        (About::Form, Lang::En) => format!(
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
