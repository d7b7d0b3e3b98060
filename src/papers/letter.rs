//! Letters, filled from the request and the receipt as far as these say it. What they do not say is a line to write on.

use jiff::civil::Date;
use maud::{Markup, html};

use super::headline::Headline;
use super::reasons::{places_of, told};
use super::sheet::{blank, head, page, said};
use super::told::Names;
use super::{Audience, Case, Lang, Letterhead, Nothing};
use crate::deadline::Calendar;
use crate::erasure::{Outcome, ReasonCode, Verdict};
use crate::receipt::Statement;
use crate::request::{ExtendedBecause, RejectedBecause, VerifiedBy};
use crate::subject::{InstallationName, TargetName, Titles};

/// Which letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LetterKind {
    /// The request has come.
    Acknowledgement,
    /// It is answered later than in a month (Art. 12(3)).
    Extension,
    /// What was done (Art. 12(3)).
    Confirmation,
    /// Nothing is erased (Art. 12(4)).
    Refusal,
    /// Something is retained (Art. 12(4), 17(3)).
    PartialRefusal,
    /// To those who were given the data (Art. 19).
    Recipients,
    /// It was looked everywhere, and nothing of the person was found (Art. 12(4)).
    NothingHeld,
}

impl LetterKind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Acknowledgement,
        Self::Extension,
        Self::Confirmation,
        Self::Refusal,
        Self::PartialRefusal,
        Self::Recipients,
        Self::NothingHeld,
    ];

    /// As it is asked for.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledgement => "acknowledgement",
            Self::Extension => "extension",
            Self::Confirmation => "confirmation",
            Self::Refusal => "refusal",
            Self::PartialRefusal => "partial-refusal",
            Self::Recipients => "recipients",
            Self::NothingHeld => "nothing-held",
        }
    }

    /// Whether it says what was done, so that a receipt is needed.
    pub(crate) fn needs_receipt(self) -> bool {
        matches!(self, Self::Confirmation | Self::PartialRefusal)
    }

    /// Whether a receipt says that of which it tells: nobody is told that something was erased or retained, where nothing was.
    pub(crate) fn is_said_by(self, statement: &Statement) -> bool {
        let has = |outcome| statement.steps.iter().any(|step| step.outcome == outcome);
        match self {
            Self::PartialRefusal => has(Outcome::Retained) || statement.excluded > 0,
            Self::Recipients => has(Outcome::Erased),
            // What shows that nothing is held is more than one receipt ([`Nothing`]).
            Self::Acknowledgement | Self::Extension | Self::Confirmation | Self::Refusal | Self::NothingHeld => true,
        }
    }
}

/// All that a letter says.
pub(crate) struct Letter<'a> {
    pub(crate) kind: LetterKind,
    pub(crate) case: &'a Case,
    pub(crate) letterhead: &'a Letterhead,
    /// How systems are called today.
    pub(crate) titles: &'a Titles,
    /// Whose days count.
    pub(crate) calendar: &'a Calendar,
    /// What was done; without it a letter says nothing of that.
    pub(crate) statement: Option<&'a Statement>,
    /// What the request's other receipts say, where there are any: no letter says more than all of them allow.
    pub(crate) others: &'a [Statement],
    /// Where it was looked, and nothing was found; only of the letter that says so.
    pub(crate) nothing: Option<&'a Nothing>,
    pub(crate) written: Date,
}

impl Letter<'_> {
    /// The whole document.
    pub(crate) fn html(&self, lang: Lang) -> String {
        let (subject, body) = match self.kind {
            LetterKind::Acknowledgement => self.acknowledgement(lang),
            LetterKind::Extension => self.extension(lang),
            LetterKind::Confirmation => self.confirmation(lang),
            LetterKind::Refusal => self.refusal(lang),
            LetterKind::PartialRefusal => self.partial_refusal(lang),
            LetterKind::Recipients => self.recipients(lang),
            LetterKind::NothingHeld => self.nothing_held(lang),
        };
        let mut filed = Vec::new();
        if let Some(number) = &self.case.number {
            filed.push(lang.say(format!("Žádost {number}"), format!("Request {number}")));
        }
        let content = html! {
            (head(lang, self.letterhead, &filed))
            div.to { p { (lang.say("Komu", "To")) } p {} p {} p {} }
            p.place { (lang.say("V ", "")) (blank("short")) (lang.say(" dne ", ", ")) (lang.date(self.written)) }
            h1 { (subject) }
            (body)
            p { (lang.say("S pozdravem", "Yours sincerely")) }
            div.sign.keep { p {  (lang.say("Jméno", "Name")) } p { (lang.say("Podpis", "Signature")) } }
        };
        page(lang, &subject, "letter", &content)
    }

    /// How what is said of one company is called.
    fn names<'a>(&'a self, lang: Lang, installation: &'a InstallationName) -> Names<'a> {
        Names { lang, titles: self.titles, calendar: self.calendar, installation }
    }

    /// When the request came, or a line.
    fn received(&self, lang: Lang) -> Markup {
        said(self.case.received.map(|day| lang.date(day)).as_deref(), "short")
    }

    /// All that says what was done.
    fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.statement.into_iter().chain(self.others)
    }

    /// The worst of all verdicts.
    fn verdict(&self) -> Option<Verdict> {
        self.statements().map(|statement| statement.verdict).max()
    }

    /// What all of them say together.
    fn headline(&self, lang: Lang) -> Option<Headline> {
        let of = |statement: &Statement| Headline::of(self.names(lang, &statement.installation), statement);
        self.statements().map(of).reduce(Headline::with)
    }

    /// Where the details are.
    fn enclosed(&self, lang: Lang) -> String {
        let mut numbers: Vec<_> = self.statements().map(|statement| statement.sequence).collect();
        numbers.sort_unstable();
        let numbers: Vec<_> = numbers.into_iter().map(|number| lang.number(number)).collect();
        let all = lang.list(&numbers);
        let is_complete = self.verdict() != Some(Verdict::Incomplete);
        match numbers.len() {
            0 | 1 if !is_complete => lang.say(
                format!("v přiložené zprávě (doklad č. {all})"),
                format!("in the enclosed report (receipt No. {all})"),
            ),
            0 | 1 => lang.say(
                format!("v přiloženém potvrzení (doklad č. {all})"),
                format!("in the enclosed certificate (receipt No. {all})"),
            ),
            _ if !is_complete => lang.say(
                format!("v přiložených listinách (doklady č. {all})"),
                format!("in the enclosed papers (receipts No. {all})"),
            ),
            _ => lang.say(
                format!("v přiložených potvrzeních (doklady č. {all})"),
                format!("in the enclosed certificates (receipts No. {all})"),
            ),
        }
    }

    /// Until when it is answered, or a line.
    fn due(&self, lang: Lang) -> Markup {
        said(self.case.due.map(|day| lang.date(day)).as_deref(), "short")
    }

    fn acknowledgement(&self, lang: Lang) -> (String, Markup) {
        let subject =
            lang.say("Potvrzení o přijetí žádosti o výmaz osobních údajů", "We have received your request for erasure");
        let number = self
            .case
            .number
            .as_ref()
            .map(|number| lang.say(format!("Vedeme ji pod číslem {number}."), format!("It is filed as {number}.")));
        let body = html! {
            (salutation(lang))
            p {
                (lang.say("dne ", "On ")) (self.received(lang))
                (lang.say(
                    " jsme obdrželi Vaši žádost o výmaz osobních údajů podle článku 17 nařízení (EU) 2016/679 (GDPR). ",
                    " we received your request for the erasure of personal data under Article 17 of Regulation (EU) 2016/679 (GDPR). ",
                ))
                @if let Some(number) = number { (number) }
            }
            @match self.case.verified {
                // Whoever reads a mailbox is not known to be anybody.
                Some(VerifiedBy::EmailLink) => p { (lang.say(
                    "Potvrdili jste, že máte přístup k e-mailové adrese, která je uvedena v žádosti.",
                    "You have confirmed that you have access to the e-mail address that is given in the request.",
                )) },
                Some(VerifiedBy::Document | VerifiedBy::KnownContact) => p { (lang.say("Vaši totožnost jsme ověřili.", "Your identity was verified.")) },
                None => p { (lang.say(
                    "Ze žádosti zatím nepoznáme s jistotou, že ji podala osoba, které se údaje týkají. Abychom nevymazali údaje někoho jiného, \
                     žádáme Vás o informace nezbytné k potvrzení Vaší totožnosti (čl. 12 odst. 6 GDPR): napište nám prosím z adresy nebo \
                     zavolejte z čísla, které od Vás známe, nebo nás navštivte s dokladem totožnosti. Kopii dokladu neposílejte.",
                    "From the request alone we cannot be sure yet that it was made by the person whom the data concerns. So that nobody \
                     else’s data is erased, we ask you for the information that is necessary to confirm your identity (Art. 12(6) GDPR): please \
                     write from an address or call from a number by which we know you, or come with an identity document. Do not send a copy \
                     of it.",
                )) },
            }
            p {
                (lang.say(
                    "O opatřeních přijatých na základě žádosti Vás budeme informovat bez zbytečného odkladu, nejpozději do ",
                    "We will inform you of the action taken on your request without undue delay, at the latest by ",
                ))
                (self.due(lang))
                (lang.say(
                    " (čl. 12 odst. 3 GDPR). V případě potřeby a s ohledem na složitost a počet žádostí můžeme tuto lhůtu prodloužit nejvýše \
                     o další dva měsíce; o prodloužení a jeho důvodech bychom Vás informovali do jednoho měsíce od obdržení žádosti. Vyřízení \
                     žádosti je bezplatné (čl. 12 odst. 5 GDPR).",
                    " (Art. 12(3) GDPR). Where necessary, taking into account the complexity and number of the requests, this period can be \
                     extended by at most two further months; we would inform you of the extension and of the reasons within one month of \
                     receipt of the request. The request is dealt with free of charge (Art. 12(5) GDPR).",
                ))
            }
        };
        (subject, body)
    }

    fn extension(&self, lang: Lang) -> (String, Markup) {
        // The day of a request that is not extended is no extended one.
        let due = self.case.extended.and(self.case.due).map(|day| lang.date(day));
        let subject =
            lang.say("Prodloužení lhůty pro vyřízení žádosti o výmaz", "Your request for erasure: extended time limit");
        let body = html! {
            (salutation(lang))
            p {
                (lang.say("Vaši žádost o výmaz osobních údajů, kterou jsme obdrželi dne ", "Your request for the erasure of personal data, which we received on ")) (self.received(lang))
                (lang.say(", není možné vyřídit do jednoho měsíce. Lhůtu prodlužujeme do ", ", cannot be completed within one month. The time limit is extended to ")) (said(due.as_deref(), "short"))
                (lang.say(" (čl. 12 odst. 3 GDPR).", " (Art. 12(3) GDPR)."))
            }
            p {
                (lang.say("Důvod: ", "Reason: "))
                @match self.case.extended {
                    // What makes it complex is not known here, and the person has to be told.
                    Some(ExtendedBecause::Complexity) => {
                        (lang.say("žádost je složitá: ", "the request is complex: ")) (blank("line"))
                    }
                    Some(ExtendedBecause::NumberOfRequests) => (lang.say(
                        "počet žádostí, které nyní vyřizujeme.",
                        "the number of requests that we are dealing with at present.",
                    )),
                    None => (blank("line")),
                }
            }
            p { (lang.say(
                "Lhůtu lze prodloužit nejvýše o dva měsíce. O výsledku Vás budeme informovat bez zbytečného odkladu, i kdyby prodloužená \
                 lhůta ještě neuplynula.",
                "It can be extended by at most two months. We will inform you of the result without undue delay, also before the extended \
                 time limit ends.",
            )) }
            (rights(lang))
        };
        (subject, body)
    }

    fn confirmation(&self, lang: Lang) -> (String, Markup) {
        let subject = lang.say("Vyřízení žádosti o výmaz osobních údajů", "The result of your request for erasure");
        let enclosed = self.enclosed(lang);
        let body = html! {
            (salutation(lang))
            p {
                (lang.say("na Vaši žádost o výmaz osobních údajů, kterou jsme obdrželi dne ", "On your request for the erasure of personal data, which we received on ")) (self.received(lang))
                (lang.say(", sdělujeme podle čl. 12 odst. 3 GDPR tento výsledek:", ", we inform you of this result (Art. 12(3) GDPR):"))
            }
            @match self.headline(lang) {
                Some(headline) => {
                    p { strong { (headline.sentence()) } }
                    p { (lang.say(
                        format!("Podrobnosti jsou {enclosed}: kde jsme hledali, co jsme vymazali, co zůstává a proč, a kam jsme se nedívali."),
                        format!("The details are {enclosed}: where we looked, what was erased, what stays and why, and where we did not look."),
                    )) }
                }
                None => { p { (blank("line")) } p { (blank("line")) } }
            }
            p { (lang.say(
                "Požádáte-li o to, sdělíme Vám příjemce, kterým jsme výmaz podle článku 19 GDPR oznámili.",
                "If you ask for it, we will tell you the recipients to whom we have communicated the erasure under Article 19 GDPR.",
            )) }
            (rights(lang))
        };
        (subject, body)
    }

    fn refusal(&self, lang: Lang) -> (String, Markup) {
        let subject = lang.say("Odmítnutí žádosti o výmaz osobních údajů", "Your request for erasure is refused");
        let body = html! {
            (salutation(lang))
            p {
                (lang.say("Vaší žádosti o výmaz osobních údajů, kterou jsme obdrželi dne ", "We cannot comply with your request for the erasure of personal data, which we received on ")) (self.received(lang))
                (lang.say(", nemůžeme vyhovět. Podle čl. 12 odst. 4 GDPR Vám sdělujeme důvod:", ". Under Art. 12(4) GDPR we inform you of the reason:"))
            }
            @match self.case.rejected {
                Some(because) => {
                    p { (refused(lang, because)) }
                    // The article alone is no reason: the facts of the case are the officer's.
                    div { p { (lang.say("Bližší odůvodnění:", "In this case:")) } (lines(4)) }
                }
                None => div { (lines(4)) },
            }
            (rights(lang))
        };
        (subject, body)
    }

    fn partial_refusal(&self, lang: Lang) -> (String, Markup) {
        let subject = lang
            .say("Částečné odmítnutí žádosti o výmaz osobních údajů", "Your request for erasure is refused in part");
        let mut kept = Vec::new();
        for one in self.statements().flat_map(|statement| kept_of(self.names(lang, &statement.installation), statement))
        {
            if !kept.contains(&one) {
                kept.push(one);
            }
        }
        let enclosed = self.enclosed(lang);
        let body = html! {
            (salutation(lang))
            p {
                (lang.say("Vaší žádosti o výmaz osobních údajů, kterou jsme obdrželi dne ", "We have complied only in part with your request for the erasure of personal data, which we received on ")) (self.received(lang))
                (lang.say(
                    ", jsme vyhověli jen zčásti. Podle čl. 12 odst. 4 GDPR Vám sdělujeme, které údaje ponecháváme, protože jejich zpracování je \
                     nadále nezbytné (čl. 17 odst. 3 GDPR):",
                    ". Under Art. 12(4) GDPR we inform you which data we keep, as its processing is still necessary (Art. 17(3) GDPR):",
                ))
            }
            @if kept.is_empty() {
                div { p { (blank("line")) } p { (blank("line")) } }
            } @else {
                ul { @for one in &kept { li { (one) } } }
            }
            p {
                (lang.say("Právní předpis nebo právní nárok, pro který údaje ponecháváme, a doba, po kterou je uchováme: ", "The law or the legal claim for which we keep the data, and for how long: "))
                span { (blank("line")) }
            }
            @if let Some(headline) = self.headline(lang) {
                p { (headline.rest(&enclosed)) }
            }
            (rights(lang))
        };
        (subject, body)
    }

    fn recipients(&self, lang: Lang) -> (String, Markup) {
        let subject =
            lang.say("Oznámení o výmazu osobních údajů příjemci", "Notice of erasure to a recipient of personal data");
        // Where nothing was erased, nobody says that it was.
        let erased = |statement: &&Statement| LetterKind::Recipients.is_said_by(statement);
        let done = self.statement.filter(erased).map(|statement| lang.date(self.calendar.day(statement.ended)));
        let body = html! {
            p { (lang.say("Vážení,", "Dear Sir or Madam,")) }
            p {
                (lang.say("podle čl. 17 odst. 1 nařízení (EU) 2016/679 (GDPR) jsme dne ", "Under Art. 17(1) of Regulation (EU) 2016/679 (GDPR), we erased on ")) (said(done.as_deref(), "short"))
                (lang.say(
                    " vymazali osobní údaje, které jsme Vám dříve zpřístupnili. Podle článku 19 GDPR Vám tento výmaz oznamujeme.",
                    " personal data that we had disclosed to you before. Under Article 19 GDPR we communicate this erasure to you.",
                ))
            }
            @if self.verdict() == Some(Verdict::Incomplete) {
                p { (lang.say(
                    "U nás samých výmaz není úplný: něco z údajů mohlo zůstat, nebo to nebylo možné prověřit.",
                    "Our own erasure is not complete: some of the data may be left, or could not be verified.",
                )) }
            }
            p { (lang.say("Výmaz se týká těchto údajů:", "The erasure concerns the following data:")) }
            div { p { (blank("line")) } p { (blank("line")) } }
            p { (lang.say(
                "Posuďte prosím, zda máte pro jejich další zpracování vlastní právní důvod. Nemáte-li, údaje včetně kopií prosím vymažte a toto \
                 oznámení předejte příjemcům, kterým jste je zpřístupnili Vy. O výsledku nás prosím informujte; samotné údaje v odpovědi \
                 neuvádějte.",
                "Please check whether you have a legal ground of your own to go on processing it. If not, please erase it with all copies, and \
                 pass this notice on to the recipients to whom you have disclosed it. Please tell us the result, without the data itself.",
            )) }
        };
        (subject, body)
    }
}

impl Letter<'_> {
    fn nothing_held(&self, lang: Lang) -> (String, Markup) {
        let subject =
            lang.say("Odpověď na žádost o výmaz: nic jsme nenašli", "Your request for erasure: nothing was found");
        let body = html! {
            (salutation(lang))
            p {
                (lang.say("k Vaší žádosti o výmaz osobních údajů, kterou jsme obdrželi dne ", "On your request for the erasure of personal data, which we received on ")) (self.received(lang))
                (lang.say(", sdělujeme:", ", we inform you:"))
            }
            p { strong { (lang.say(
                "Podle toho, co jste uvedli, jsme v našich systémech nenašli žádné osobní údaje, které by se Vás týkaly.",
                "By what you have told us, no personal data concerning you was found in our systems.",
            )) } }
            p { (lang.say(
                "Nebylo tedy co vymazat, a proto jsme opatření, o které jste požádali, nepřijali (čl. 12 odst. 4 GDPR).",
                "So there was nothing to erase, and for this reason we have not taken the action that you asked for (Art. 12(4) GDPR).",
            )) }
            @match self.nothing {
                Some(nothing) => (looked(self.names(lang, &nothing.installation), nothing)),
                None => (lines(2)),
            }
            p { (lang.say(
                "Uvedete-li, pod čím jste s námi mohli být ve styku ještě (jiná e-mailová adresa, telefonní číslo, jméno), podíváme se znovu. \
                 Uchováváme jen tuto žádost a odpověď na ni, abychom mohli doložit její vyřízení.",
                "If you tell us by what else you may have been in contact with us (another e-mail address, telephone number or name), we will look \
                 again. All that we keep is this request and the answer to it, to show that it was dealt with.",
            )) }
            (rights(lang))
        };
        (subject, body)
    }
}

/// Where and when it was looked, and where nobody has.
fn looked(names: Names<'_>, nothing: &Nothing) -> Markup {
    let lang = names.lang;
    let all = |targets: &[TargetName]| {
        let called: Vec<_> = targets.iter().map(|target| names.system(target)).collect();
        lang.list(&called)
    };
    let day = names.day(nothing.at);
    html! {
        @if !nothing.looked.is_empty() {
            p { (lang.say(
                format!("Hledali jsme v těchto systémech, naposledy dne {day}: {}.", all(&nothing.looked)),
                format!("We looked in these systems, the last time on {day}: {}.", all(&nothing.looked)),
            )) }
        }
        @if !nothing.by_word.is_empty() {
            p { (lang.say(
                format!("Podle sdělení pracovníka nejsou údaje ani zde: {}.", all(&nothing.by_word)),
                format!("As a member of staff has said, there is no data here either: {}.", all(&nothing.by_word)),
            )) }
        }
        @if !nothing.accepted.is_empty() {
            div {
                p { (lang.say("Nedívali jsme se na tato místa:", "We did not look at these places:")) }
                ul { @for one in places_of(names, &nothing.accepted) { li { (one) } } }
            }
        }
    }
}

/// Lines to write on, one under the other.
fn lines(count: usize) -> Markup {
    html! { @for _ in 0..count { p { (blank("line")) } } }
}

fn salutation(lang: Lang) -> Markup {
    html! { p { (lang.say("Vážená paní, vážený pane,", "Dear Sir or Madam,")) } }
}

/// What stays by law or because somebody has decided to keep it, as the receipt has it.
fn kept_of(names: Names<'_>, statement: &Statement) -> Vec<String> {
    let mut only = statement.clone();
    let kept = [ReasonCode::Retained, ReasonCode::Excluded].map(ReasonCode::as_str);
    only.reasons.retain(|reason| kept.contains(&&*reason.code));
    only.steps.clear();
    told(names, &only, Audience::Person).stays
}

fn refused(lang: Lang, because: RejectedBecause) -> String {
    match because {
        RejectedBecause::NotIdentified => lang.say(
            "Z údajů, které zpracováváme, nejsme schopni zjistit, které z nich se Vás týkají (čl. 11 odst. 2 a čl. 12 odst. 2 GDPR). Sdělíte-li nám \
             další údaje, podle kterých je půjde najít, žádost znovu posoudíme.",
            "From the data that we process we are not able to tell which of it concerns you (Art. 11(2) and 12(2) GDPR). If you give us further \
             information by which it can be found, we will look at the request again.",
        ),
        RejectedBecause::NotThePerson => lang.say(
            "Máme důvodné pochybnosti o tom, že žádost podala osoba, které se údaje týkají, a její totožnost se nepodařilo potvrdit (čl. 12 \
             odst. 6 GDPR). Prokážete-li ji, žádost znovu posoudíme.",
            "We have reasonable doubts that the request was made by the person whom the data concerns, and the identity could not be \
             confirmed (Art. 12(6) GDPR). If you prove it, we will look at the request again.",
        ),
        RejectedBecause::Unfounded => lang.say(
            "Žádost je zjevně nedůvodná (čl. 12 odst. 5 písm. b) GDPR).",
            "The request is manifestly unfounded (Art. 12(5)(b) GDPR).",
        ),
        RejectedBecause::Excessive => lang.say(
            "Žádost je zjevně nepřiměřená (čl. 12 odst. 5 písm. b) GDPR).",
            "The request is manifestly excessive (Art. 12(5)(b) GDPR).",
        ),
        RejectedBecause::NoGround => lang.say(
            "Není dán žádný z důvodů pro výmaz podle čl. 17 odst. 1 GDPR: údaje jsou nadále potřebné pro účely, pro které byly shromážděny, a \
             zpracováváme je v souladu s právními předpisy.",
            "None of the grounds for erasure of Art. 17(1) GDPR applies: the data is still necessary for the purposes for which it was collected, \
             and is processed lawfully.",
        ),
        RejectedBecause::Expression => lang.say(
            "Zpracování je nezbytné pro výkon práva na svobodu projevu a informace (čl. 17 odst. 3 písm. a) GDPR).",
            "The processing is necessary for exercising the right of freedom of expression and information (Art. 17(3)(a) GDPR).",
        ),
        RejectedBecause::LegalObligation => lang.say(
            "Zpracování je nezbytné pro splnění právní povinnosti, která se na nás vztahuje, nebo úkolu prováděného ve veřejném zájmu či při \
             výkonu veřejné moci (čl. 17 odst. 3 písm. b) GDPR).",
            "The processing is necessary for compliance with a legal obligation to which we are subject, or for a task carried out in the public \
             interest or in the exercise of official authority (Art. 17(3)(b) GDPR).",
        ),
        RejectedBecause::PublicHealth => lang.say(
            "Zpracování je nezbytné z důvodů veřejného zájmu v oblasti veřejného zdraví (čl. 17 odst. 3 písm. c) GDPR).",
            "The processing is necessary for reasons of public interest in the area of public health (Art. 17(3)(c) GDPR).",
        ),
        RejectedBecause::Research => lang.say(
            "Zpracování je nezbytné pro účely archivace ve veřejném zájmu, vědeckého či historického výzkumu nebo pro statistické účely, jejichž \
             splnění by výmaz pravděpodobně znemožnil nebo vážně ohrozil (čl. 17 odst. 3 písm. d) GDPR).",
            "The processing is necessary for archiving in the public interest, scientific or historical research or statistics, the objectives of \
             which the erasure is likely to make impossible or seriously impair (Art. 17(3)(d) GDPR).",
        ),
        RejectedBecause::LegalClaims => lang.say(
            "Zpracování je nezbytné pro určení, výkon nebo obhajobu právních nároků (čl. 17 odst. 3 písm. e) GDPR).",
            "The processing is necessary for the establishment, exercise or defence of legal claims (Art. 17(3)(e) GDPR).",
        ),
    }
}

/// What the person can do about it.
fn rights(lang: Lang) -> Markup {
    html! {
        div.rights.keep {
            p { (lang.say(
                "Nesouhlasíte-li s tím, můžete podat stížnost u dozorového úřadu (čl. 77 GDPR), kterým je Úřad pro ochranu osobních údajů, \
                 Pplk. Sochora 27, 170 00 Praha 7, datová schránka qkbaa2n, posta@uoou.gov.cz. Máte také právo na účinnou soudní ochranu \
                 (čl. 79 GDPR).",
                "If you do not agree, you can lodge a complaint with a supervisory authority (Art. 77 GDPR), in the Czech Republic Úřad pro ochranu \
                 osobních údajů (the Office for Personal Data Protection), Pplk. Sochora 27, 170 00 Praha 7, data box qkbaa2n, \
                 posta@uoou.gov.cz. You also have the right to an effective judicial remedy (Art. 79 GDPR).",
            )) }
        }
    }
}
