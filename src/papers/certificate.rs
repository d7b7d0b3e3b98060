//! The certificate of an erasure: what was looked at where, what became of it, what stays and why, and where nobody has looked. For the
//! person, in words; for an authority, with all that the receipt says beside it.

use jiff::Timestamp;
use maud::{Markup, html};

use super::figures::hash;
use super::headline::Headline;
use super::reasons::{Told, told};
use super::sheet::{self, head, page, person, signature};
use super::{Audience, Case, Lang, Letterhead, outcome, told as words};
use crate::deadline::Calendar;
use crate::erasure::{ErasureState, MluviiSearch, Verdict};
use crate::receipt::{Receipt, ReceiptHead, Statement, StepStatement};
use crate::request::{Came, ExtendedBecause, VerifiedBy};
use crate::subject::{Scope, Titles};

/// What is known of the chain of receipts around this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChainPlace {
    /// The newest receipt.
    pub(crate) head: ReceiptHead,
    /// The public key under which this one was signed; `None` where it is not known here.
    pub(crate) public_key: Option<String>,
    /// Who outside of quietus is told of each newest receipt, by their names, and whether they were told of the last one.
    pub(crate) witnesses: Vec<(String, bool)>,
}

/// All that the certificate says.
pub(crate) struct Certificate<'a> {
    pub(crate) receipt: &'a Receipt,
    /// The request that it answers; `None` where a rule has demanded the erasure, or nothing is known of the request.
    pub(crate) case: Option<&'a Case>,
    pub(crate) letterhead: &'a Letterhead,
    pub(crate) chain: &'a ChainPlace,
    /// How systems are called today; the receipt has their names.
    pub(crate) titles: &'a Titles,
    /// By whose clocks it says when something happened; what is signed is in UTC.
    pub(crate) calendar: &'a Calendar,
    /// When it is printed.
    pub(crate) issued: Timestamp,
}

impl Certificate<'_> {
    /// The whole document.
    pub(crate) fn html(&self, lang: Lang, audience: Audience) -> String {
        let statement = &self.receipt.statement;
        let number = lang.number(statement.sequence);
        let (czech, english) = name(statement.verdict);
        let title = lang
            .say(format!("{czech} o výmazu, doklad č. {number}"), format!("{english} erasure, receipt No. {number}"));
        let heading =
            lang.say(format!("{czech} o výmazu osobních údajů"), format!("{english} erasure of personal data"));
        let names = self.names(lang);
        let told = told(names, statement, audience);
        let content = html! {
            (head(lang, self.letterhead, &self.filed(lang)))
            div {
                h1 { (heading) }
                p { (lang.say("podle článku 17 nařízení (EU) 2016/679 (GDPR)", "under Article 17 of Regulation (EU) 2016/679 (GDPR)")) }
            }
            @if audience == Audience::Person { (person(lang)) }
            (verdict(names, statement))
            (self.course(lang))
            (systems(names, statement))
            (stays(lang, &told))
            (unseen(lang, &told))
            (decided(lang, &told))
            @if audience == Audience::Authority { (technical(names, self.receipt)) }
            div.end.keep {
                (self.verifying(lang, audience))
                p.note { (closing(lang, audience)) }
                (signature(lang))
            }
        };
        page(lang, &title, "certificate", &content)
    }

    fn names(&self, lang: Lang) -> words::Names<'_> {
        let installation = &self.receipt.statement.installation;
        words::Names { lang, titles: self.titles, calendar: self.calendar, installation }
    }

    /// Under which it is filed.
    fn filed(&self, lang: Lang) -> Vec<String> {
        let number = lang.number(self.receipt.statement.sequence);
        let mut filed = Vec::new();
        if let Some(case) = self.case.and_then(|case| case.number.as_ref()) {
            filed.push(lang.say(format!("Žádost {case}"), format!("Request {case}")));
        }
        filed.push(lang.say(format!("Doklad č. {number}"), format!("Receipt No. {number}")));
        let day = self.names(lang).day(self.issued);
        filed.push(lang.say(format!("vydáno {day}"), format!("issued {day}")));
        filed
    }

    /// What happened when.
    fn course(&self, lang: Lang) -> Markup {
        let statement = &self.receipt.statement;
        let unnamed = Case::default();
        let case = self.case.unwrap_or(&unnamed);
        let by_rule = !statement.rules.iter().any(|rule| rule == crate::policy::REQUEST);
        html! {
            section.keep {
                h2 { (lang.say("Průběh", "What happened when")) }
                dl {
                    @if self.case.is_some() || !by_rule {
                        dt { (lang.say("Žádost přijata", "Request received")) }
                        dd { (sheet::said(received(lang, case).as_deref(), "")) }
                        dt { (what_is_verified(lang, case)) }
                        dd { (sheet::said(verified(lang, case).as_deref(), "")) }
                        @if let Some(due) = case.due {
                            dt { (lang.say("Lhůta pro odpověď", "To be answered by")) }
                            dd { (lang.date(due)) }
                        }
                        @if let Some(because) = case.extended {
                            dt { (lang.say("Proč byla lhůta prodloužena", "Why it was extended")) }
                            dd { (extended(lang, because)) }
                        }
                    } @else if statement.follows.is_empty() {
                        dt { (lang.say("Důvod výmazu", "Why it was erased")) }
                        dd { (lang.say("pravidlo správce: ", "the controller’s rule: ")) (lang.list(&quoted(lang, &statement.rules))) }
                    }
                    @if !statement.follows.is_empty() {
                        dt { (lang.say("Navazuje na dřívější výmaz", "Follows an earlier erasure")) }
                        dd { (again(lang, statement)) }
                    }
                    dt { (lang.say("Čeho se výmaz týká", "What was to be erased")) }
                    dd { (scope(lang, statement)) }
                    dt { (lang.say("Znění souhlasu", "Text of the consent")) }
                    dd { (consents(lang, statement)) }
                    dt { (lang.say("Výmaz proběhl", "Erased")) }
                    dd { (took(self.names(lang), statement)) }
                }
            }
        }
    }

    /// How anybody can see that it is true.
    fn verifying(&self, lang: Lang, audience: Audience) -> Markup {
        let (statement, head) = (&self.receipt.statement, &self.chain.head);
        let (number, newest) = (lang.number(statement.sequence), lang.number(head.sequence));
        let told = names(&self.chain.witnesses, true);
        let untold = names(&self.chain.witnesses, false);
        let how = match statement.verdict {
            Verdict::Complete | Verdict::Retained => "Jak si potvrzení ověřit",
            Verdict::Incomplete => "Jak si zprávu ověřit",
        };
        html! {
            section.proof.keep {
                h2 { (lang.say(how, "How to verify it")) }
                p { (lang.say(
                    format!("O výmazu je doklad č. {number} podepsaný naším klíčem. Každý doklad navazuje na předchozí, takže dodatečnou změnu \
                             nebo vynechání lze poznat. Doklad Vám na požádání pošleme; veřejným klíčem ho ověří kdokoli."),
                    format!("There is a receipt of the erasure, No. {number}, signed with our key. Each receipt is linked to the one before, so that \
                             a change or an omission shows. We send it to you on request; anybody can verify it with the public key."),
                )) }
                dl {
                    dt { (lang.say("Otisk dokladu", "Hash of the receipt")) }
                    dd { (hash(&self.receipt.head().hash)) }
                    dt { (lang.say("Veřejný klíč", "Public key")) }
                    dd {
                        @match &self.chain.public_key {
                            Some(key) => (hash(key)),
                            None => { (lang.say("s označením ", "with the id ")) (hash(&statement.key)) }
                        }
                    }
                    dt { (lang.say("Místo v řadě", "Place in the chain")) }
                    dd { (lang.say(
                        format!("doklad č. {number}; nejnovější má č. {newest}"),
                        format!("receipt No. {number}; the newest is No. {newest}"),
                    )) }
                    @if audience == Audience::Authority || head.sequence != statement.sequence {
                        dt { (lang.say("Otisk nejnovějšího", "Hash of the newest")) }
                        dd { (hash(&head.hash)) }
                    }
                    @if let Some(gap) = &statement.gap {
                        dt { (lang.say("Ztracené doklady", "Lost receipts")) }
                        dd { (lang.say(
                            format!("č. {} až {} před tímto dokladem se ztratily obnovou ze zálohy", gap.after + 1, gap.last),
                            format!("No. {} to {} before this one were lost with a restore", gap.after + 1, gap.last),
                        )) }
                    }
                    dt { (lang.say("Svědkové řady", "Witnesses")) }
                    dd {
                        @if told.is_empty() && untold.is_empty() {
                            (lang.say("mimo naše systémy nikdo", "nobody outside of our systems"))
                        } @else {
                            @if !told.is_empty() {
                                (lang.say("nejnovější doklad se sděluje: ", "the newest receipt is told to: ")) (lang.list(&told))
                            }
                            @if !told.is_empty() && !untold.is_empty() { "; " }
                            @if !untold.is_empty() {
                                (lang.say("právě se nedaří sdělit: ", "at present it cannot be told to: ")) (lang.list(&untold))
                            }
                        }
                    }
                    @if audience == Audience::Authority {
                        dt { (lang.say("Příkazy", "Commands")) }
                        dd {
                            div.code { "quietus receipts export --from " (statement.sequence) " --out receipts.jsonl" }
                            div.code { "quietus receipts verify receipts.jsonl --public-key HEX" }
                        }
                    }
                }
            }
        }
    }
}

/// By which of the two grounds of Art. 12(3). What makes a request complex is in the letter of its extension.
fn extended(lang: Lang, because: ExtendedBecause) -> String {
    match because {
        ExtendedBecause::Complexity => lang.say("složitost žádosti", "the request is complex"),
        ExtendedBecause::NumberOfRequests => lang.say("počet žádostí", "the number of requests"),
    }
}

/// What the paper is called: nobody confirms an erasure that is not complete.
fn name(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Complete | Verdict::Retained => ("Potvrzení", "Certificate of"),
        Verdict::Incomplete => ("Zpráva", "Report on an"),
    }
}

fn names(witnesses: &[(String, bool)], told: bool) -> Vec<String> {
    witnesses.iter().filter(|(_, is_told)| *is_told == told).map(|(name, _)| name.clone()).collect()
}

fn quoted(lang: Lang, texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| lang.quoted(text)).collect()
}

fn verdict(names: words::Names<'_>, statement: &Statement) -> Markup {
    let lang = names.lang;
    let word = match statement.verdict {
        Verdict::Complete => lang.say("Výsledek: úplný", "Result: complete"),
        Verdict::Retained => lang.say("Výsledek: úplný s výjimkami", "Result: complete with exceptions"),
        Verdict::Incomplete => lang.say("Výsledek: neúplný", "Result: incomplete"),
    };
    let class = if statement.verdict == Verdict::Incomplete { "verdict incomplete keep" } else { "verdict keep" };
    html! {
        section class=(class) {
            p { strong { (word) ". " (Headline::of(names, statement).sentence()) } }
            @if statement.verdict != Verdict::Complete {
                p { (lang.say("Čeho se to týká a proč, je uvedeno níže.", "What this concerns, and why, is listed below.")) }
            }
        }
    }
}

fn received(lang: Lang, case: &Case) -> Option<String> {
    let day = lang.date(case.received?);
    Some(match case.came {
        None => day,
        Some(Came::Letter) => lang.say(format!("{day}, dopisem"), format!("{day}, by letter")),
        Some(Came::Email) => lang.say(format!("{day}, e-mailem"), format!("{day}, by e-mail")),
        Some(Came::Phone) => lang.say(format!("{day}, telefonem"), format!("{day}, by phone")),
        Some(Came::InPerson) => lang.say(format!("{day}, osobně"), format!("{day}, in person")),
        Some(Came::Form) => lang.say(format!("{day}, formulářem"), format!("{day}, by a form")),
    })
}

/// A link shows who reads a mailbox, and nobody's identity.
fn what_is_verified(lang: Lang, case: &Case) -> String {
    match case.verified {
        Some(VerifiedBy::EmailLink) => lang.say("E-mailová adresa potvrzena", "E-mail address confirmed"),
        Some(VerifiedBy::Document | VerifiedBy::KnownContact) | None => {
            lang.say("Totožnost ověřena", "Identity verified")
        }
    }
}

fn verified(lang: Lang, case: &Case) -> Option<String> {
    case.verified.map(|by| match by {
        VerifiedBy::Document => lang.say("podle dokladu totožnosti", "by an identity document"),
        VerifiedBy::KnownContact => lang.say("přes kontakt, který známe", "by contact details known to us"),
        VerifiedBy::EmailLink => lang.say("odkazem v e-mailu", "by a link in an e-mail"),
    })
}

/// That it follows earlier receipts, and why.
fn again(lang: Lang, statement: &Statement) -> String {
    let numbers: Vec<_> = statement.follows.iter().filter_map(|followed| followed.sequence).collect();
    let numbers = lang.list(&numbers.into_iter().map(|number| lang.number(number)).collect::<Vec<_>>());
    let (cs, en) = if numbers.is_empty() {
        (String::new(), String::new())
    } else {
        (format!(" č. {numbers}"), format!(" No. {numbers}"))
    };
    lang.say(
        format!(
            "Doklad navazuje na dřívější doklad{cs}, který platí pro svou dobu. Co bylo tehdy vymazáno, se později objevilo znovu \
             (například po obnovení zálohy), a proto následoval další výmaz."
        ),
        format!(
            "This receipt follows an earlier one{en}, which stays true of its time. What was erased then was there again later (such as after \
             a backup was restored), and so another erasure followed."
        ),
    )
}

fn scope(lang: Lang, statement: &Statement) -> String {
    let reached = lang.count(
        u64::from(statement.sessions),
        ["konverzace", "konverzace", "konverzací"],
        ["conversation", "conversations"],
    );
    match statement.scope {
        Scope::Session => lang.say("jedné konverzace", "one conversation"),
        Scope::Guest => lang.say(
            format!("všech konverzací jednoho hosta: {reached}"),
            format!("all conversations of one guest: {reached}"),
        ),
        Scope::Person => lang.say(format!("jedné osoby: {reached}"), format!("one person: {reached}")),
    }
}

/// From when to when, and whether a person has closed it.
fn took(names: words::Names<'_>, statement: &Statement) -> String {
    let lang = names.lang;
    let ended = names.time(statement.ended);
    let time = match statement.begun.map(|begun| names.time(begun)) {
        Some(begun) if begun == ended => ended,
        Some(begun) => format!("{begun} – {ended}"),
        None => lang.say(format!("nezačal; uzavřeno {ended}"), format!("it did not begin; closed {ended}")),
    };
    match statement.state {
        ErasureState::Cancelled => lang.say(format!("{time}, ukončil člověk"), format!("{time}, closed by a person")),
        _ => time,
    }
}

fn consents(lang: Lang, statement: &Statement) -> String {
    if statement.consent_versions.is_empty() {
        return lang.say("u vymazaných konverzací není známo žádné", "none is known for the erased conversations");
    }
    lang.list(&quoted(lang, &statement.consent_versions))
}

/// Where it was looked, and what became of what was there.
fn systems(names: words::Names<'_>, statement: &Statement) -> Markup {
    let lang = names.lang;
    let is_titled = statement.steps.iter().any(|step| names.titles.of(&step.target, names.installation).is_some());
    html! {
        section {
            h2 { (lang.say("Kde jsme hledali a co se stalo", "Where we looked, and what happened")) }
            table.systems {
                thead { tr {
                    th scope="col" { (lang.say("Systém", "System")) }
                    th scope="col" { (lang.say("Nalezeno", "Found")) }
                    th scope="col" { (lang.say("Co se stalo", "What happened")) }
                    th scope="col" { (lang.say("Zkontrolováno znovu", "Looked at again")) }
                } }
                tbody {
                    @for step in &statement.steps {
                        @let [system, found, happened, again] = outcome::row(names, step);
                        tr { th scope="row" { (system) } td { (found) } td { (happened) } td { (again) } }
                    }
                }
            }
            p.note {
                (lang.say(
                    "„Vymazáno“ píšeme jen tam, kde jsme se po výmazu podívali znovu a údaje tam nebyly. Jiné systémy, než jsou v tabulce, \
                     zde zahrnuty nejsou.",
                    "We write “erased” only where we looked again after the erasure and the data was not there. Systems that are not in the \
                     table are not covered.",
                ))
                @if is_titled {
                    " "
                    (lang.say(
                        "V závorce za názvem systému je jeho označení na dokladu; názvy jsou dnešní.",
                        "In brackets behind a system’s title stands its name on the receipt; titles are those of today.",
                    ))
                }
            }
        }
    }
}

fn items(texts: &[String]) -> Markup {
    html! { ul { @for text in texts { li { (text) } } } }
}

fn stays(lang: Lang, told: &Told) -> Markup {
    html! {
        section.keep {
            h2 { (lang.say("Co zůstává a proč", "What stays, and why")) }
            @if told.stays.is_empty() {
                p { (lang.say("Z toho, co jsme našli, nic.", "Nothing of what was found.")) }
            } @else {
                (items(&told.stays))
            }
        }
    }
}

fn unseen(lang: Lang, told: &Told) -> Markup {
    html! {
        section.unseen {
            h2 { (lang.say("Kam jsme se nedívali", "Where we did not look")) }
            @if told.unseen.is_empty() {
                p { (lang.say(
                    "V systémech z tabulky o žádném takovém místě nevíme.",
                    "We know of no such place in the systems of the table.",
                )) }
            } @else {
                (items(&told.unseen))
            }
        }
    }
}

fn decided(lang: Lang, told: &Told) -> Markup {
    html! {
        @if !told.decided.is_empty() {
            section.keep {
                h2 { (lang.say("Co rozhodl člověk", "What people decided")) }
                (items(&told.decided))
            }
        }
    }
}

fn closing(lang: Lang, audience: Audience) -> String {
    match audience {
        Audience::Person => lang.say(
            "Tato listina neobsahuje žádné osobní údaje kromě těch, které jsou dopsány rukou. Nesouhlasíte-li s výsledkem, můžete podat stížnost \
             u Úřadu pro ochranu osobních údajů (čl. 77 GDPR) nebo se obrátit na soud (čl. 79 GDPR).",
            "This paper holds no personal data but what was written in by hand. If you do not agree with the result, you can lodge a \
             complaint with a supervisory authority (Art. 77 GDPR; in the Czech Republic Úřad pro ochranu osobních údajů) or go to court \
             (Art. 79 GDPR).",
        ),
        Audience::Authority => lang.say(
            "Tato listina je vytvořena z podepsaného dokladu a neobsahuje žádné osobní údaje. Slova v uvozovkách jsou sdělení systémů v jejich znění.",
            "This paper is made of the signed receipt and holds no personal data. Quoted words are what systems said, as they said it.",
        ),
    }
}

/// All that the receipt says, for those who compare.
fn technical(names: words::Names<'_>, receipt: &Receipt) -> Markup {
    let lang = names.lang;
    let statement = &receipt.statement;
    let search = match statement.search {
        MluviiSearch::NotNeeded => "not_needed",
        MluviiSearch::Off => "off",
        MluviiSearch::OffAccepted => "off_accepted",
        MluviiSearch::Done => "done",
        MluviiSearch::IdentifiersOnly => "identifiers_only",
    };
    let numbers = [
        ("sessions", statement.sessions),
        ("possible_left", statement.possible_left),
        ("possible_included", statement.possible_included),
        ("possible_excluded", statement.possible_excluded),
        ("excluded", statement.excluded),
        ("came_since", statement.came_since),
        ("unread", statement.unread),
    ];
    let numbers: Vec<_> = numbers.iter().map(|(name, number)| format!("{name} {number}")).collect();
    html! {
        section {
            h2 { (lang.say("Technické údaje dokladu (časy v UTC)", "Technical details of the receipt (times in UTC)")) }
            dl {
                dt { "erasure" } dd.code { (statement.erasure) }
                dt { "installation, scope" } dd.code { (statement.installation) ", " (statement.scope.as_str()) }
                dt { "subject" } dd.code { (statement.subject) }
                dt { "state, verdict" } dd.code { (statement.state.as_str()) ", " (statement.verdict) }
                dt { "rules" } dd.code { (statement.rules.join(", ")) }
                @for followed in &statement.follows {
                    dt { "follows" }
                    dd.code { (followed.erasure) @if let Some(sequence) = followed.sequence { ", " (sequence) } }
                }
                dt { "created, approved" } dd.code { (statement.created) ", " (optional(statement.approved)) }
                @if let Some(confirmed) = &statement.confirmed {
                    dt { "confirmed" } dd.code { (confirmed.by) ", " (confirmed.at) }
                }
                dt { "begun, ended" } dd.code { (optional(statement.begun)) ", " (statement.ended) }
                dt { "search" } dd.code { (search) }
                dt { (lang.say("konverzace", "sessions")) } dd.code { (numbers.join(", ")) }
                dt { "previous" } dd { (hash(&statement.previous)) }
                dt { "signature" } dd { (hash(&receipt.signature)) }
            }
            @if !statement.reasons.is_empty() {
                h3 { (lang.say("Důvody", "Reasons")) }
                table {
                    thead { tr { th { "code" } th { "target" } th { "count" } th { "detail" } } }
                    tbody {
                        @for reason in &statement.reasons {
                            tr {
                                td.code { (reason.code) }
                                td { (reason.target.as_ref().map_or("–", |target| &target.0)) }
                                td { (reason.count.map_or_else(|| "–".to_owned(), |count| count.to_string())) }
                                td { (reason.detail.as_deref().unwrap_or("–")) }
                            }
                        }
                    }
                }
            }
            @for step in &statement.steps { (details(names, step)) }
        }
    }
}

fn optional(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "–".to_owned(), |time| time.to_string())
}

/// One system's part.
fn details(names: words::Names<'_>, step: &StepStatement) -> Markup {
    let list = |texts: &[String]| if texts.is_empty() { "–".to_owned() } else { texts.join("; ") };
    let counts = |counts: &std::collections::BTreeMap<String, u64>| {
        let all: Vec<_> = counts.iter().map(|(what, count)| format!("{what} {count}")).collect();
        list(&all)
    };
    html! {
        div.keep {
            h3 { (names.system(&step.target)) }
            dl {
                dt { "outcome, expected" } dd.code { (step.outcome.as_str()) ", " (step.expected) }
                @if let Some(reason) = &step.reason { dt { "reason" } dd.code { (reason) } }
                dt { "counts" } dd.code { (counts(&step.counts)) }
                dt { "looked_at" } dd.code { (list(&step.looked_at)) }
                dt { "not_looked_at" } dd.code { (list(&step.not_looked_at)) }
                dt { "keeps" } dd.code { (list(&step.keeps)) }
                dt { "left, accepted" } dd.code { (counts(&step.left)) ", " (counts(&step.accepted)) }
                dt { "erased_at, verified_at" } dd.code { (optional(step.erased_at)) ", " (optional(step.verified_at)) }
            }
        }
    }
}
