mod words;

use jiff::Timestamp;
use jiff::civil::date;

use super::reasons::{Told, told};
use super::told::Names;
use super::*;
use crate::deadline::{Calendar, DEFAULT_ZONE};
use crate::erasure::sample::{session, step};
use crate::erasure::{Evidence, Findings, Outcome, ReasonCode, Step, Verdict};
use crate::receipt::sample::{chain, issued};
use crate::receipt::{ReasonStatement, Receipt, Statement};
use crate::request::{Came, ExtendedBecause, RejectedBecause, VerifiedBy};
use crate::subject::{TargetName, Titles};

fn case() -> Case {
    Case {
        number: Some("2026-033".into()),
        received: Some(date(2026, 11, 3)),
        came: Some(Came::Letter),
        verified: Some(VerifiedBy::Document),
        due: Some(date(2026, 12, 3)),
        extended: Some(ExtendedBecause::Complexity),
        rejected: Some(RejectedBecause::LegalClaims),
    }
}

fn prague() -> Calendar {
    Calendar::of(DEFAULT_ZONE).expect("it is built in")
}

/// What a person is told beside what was erased.
fn told_of(lang: Lang, statement: &Statement) -> Told {
    let (titles, calendar) = (Titles::default(), prague());
    let names = Names { lang, titles: &titles, calendar: &calendar, installation: &statement.installation };
    told(names, statement, Audience::Person)
}

fn receipt(steps: Vec<Step>) -> Receipt {
    issued(&session(steps), None)
}

fn html(receipt: &Receipt, case: Option<&Case>, lang: Lang, audience: Audience) -> String {
    html_in(receipt, receipt, case, lang, audience)
}

/// The certificate of a receipt, at a time when another one is the newest.
fn html_in(receipt: &Receipt, newest: &Receipt, case: Option<&Case>, lang: Lang, audience: Audience) -> String {
    html_titled(receipt, newest, case, lang, audience, &Titles::default())
}

fn html_titled(
    receipt: &Receipt,
    newest: &Receipt,
    case: Option<&Case>,
    lang: Lang,
    audience: Audience,
    titles: &Titles,
) -> String {
    let chain = ChainPlace {
        head: newest.head(),
        public_key: Some("ab".repeat(32)),
        witnesses: vec![("notary".into(), true), ("archive".into(), false)],
    };
    let letterhead = Letterhead { controller: Some("Example, s. r. o.".into()), ..Letterhead::default() };
    let issued = Timestamp::UNIX_EPOCH;
    let calendar = &prague();
    Certificate { receipt, case, letterhead: &letterhead, chain: &chain, titles, calendar, issued }.html(lang, audience)
}

/// What is read of a document.
fn text(html: &str) -> String {
    let body = html.split_once("<body>").map_or(html, |(_, body)| body);
    let mut text = String::new();
    let mut is_tag = false;
    for one in body.chars() {
        match one {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                text.push(' ');
            }
            other if !is_tag => text.push(other),
            _ => {}
        }
    }
    text.replace('\u{a0}', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn letters(case: &Case, statement: Option<&Statement>, lang: Lang) -> Vec<String> {
    letters_of(case, statement, &[], lang)
}

fn letters_of(case: &Case, statement: Option<&Statement>, others: &[Statement], lang: Lang) -> Vec<String> {
    let (letterhead, titles, calendar) = (Letterhead::default(), Titles::default(), prague());
    let letter = |kind| {
        Letter {
            kind,
            case,
            letterhead: &letterhead,
            titles: &titles,
            calendar: &calendar,
            statement,
            others,
            nothing: None,
            written: date(2026, 11, 30),
        }
        .html(lang)
    };
    LetterKind::ALL.into_iter().map(letter).collect()
}

#[test]
fn every_reason_of_a_receipt_stands_on_its_certificate_once() {
    for code in ReasonCode::ALL {
        let mut statement = receipt(vec![step("crm", Outcome::Erased)]).statement;
        let (target, count) = (Some(TargetName("crm".into())), Some(3));
        let detail = Some("what it says".to_owned());
        statement.reasons = vec![ReasonStatement { code: code.as_str().to_owned(), target, count, detail }];
        for lang in Lang::ALL {
            let said = told_of(lang, &statement);
            let all: Vec<_> = [&said.stays, &said.unseen, &said.decided].into_iter().flatten().collect();
            assert_eq!(all.len(), 1, "{code:?}: {all:?}");
            let is_named = all[0].starts_with("crm: ");
            assert!(is_named && all[0].len() > "crm: ".len(), "{code:?}: {all:?}");
            assert!(!all[0].contains("another reason") && !all[0].contains("jiný důvod"), "{code:?}: {all:?}");
        }
    }
    // A later program may give others: they are not passed over.
    let mut statement = receipt(vec![step("crm", Outcome::Erased)]).statement;
    statement.reasons = vec![ReasonStatement { code: "of_tomorrow".into(), target: None, count: None, detail: None }];
    assert!(told_of(Lang::Cs, &statement).unseen[0].contains("of_tomorrow"));
}

#[test]
fn no_certificate_says_more_than_its_verdict() {
    for (outcome, verdict, czech, english) in [
        (Outcome::Erased, Verdict::Complete, "Vše, co jsme našli, je vymazáno.", "Everything that was found is gone."),
        (Outcome::Retained, Verdict::Retained, "kromě toho, co se uchovává", "except what is kept"),
        (Outcome::Residual, Verdict::Incomplete, "Ne všechno je vymazáno", "Not everything was seen"),
        (Outcome::Unverifiable, Verdict::Incomplete, "Ne všechno je vymazáno", "Not everything was seen"),
    ] {
        let receipt = receipt(vec![step("mluvii", Outcome::Erased), step("crm", outcome)]);
        assert_eq!(receipt.statement.verdict, verdict);
        for audience in [Audience::Person, Audience::Authority] {
            for (lang, headline) in [(Lang::Cs, czech), (Lang::En, english)] {
                let said = text(&html(&receipt, None, lang, audience));
                assert!(said.contains(headline), "{said}");
                let complete = ["Vše, co jsme našli, je vymazáno.", "Everything that was found is gone."];
                assert_eq!(complete.iter().any(|one| said.contains(one)), verdict == Verdict::Complete, "{said}");
            }
        }
    }
    // Erased by its own word is not what somebody has seen.
    let unseen = receipt(vec![Step { verified_at: None, ..step("crm", Outcome::Erased) }]);
    let said = text(&html(&unseen, None, Lang::Cs, Audience::Person));
    assert!(
        said.contains("vymazáno podle sdělení systému") && said.contains("nikdo neviděl, zda údaje zmizely"),
        "{said}"
    );
}

#[test]
fn what_a_colleague_has_said_is_no_more_than_a_word() {
    let mut step = step("legal", Outcome::Unverifiable);
    step.reason = Some("cli:ann said so at 2026-11-30T10:00:00Z: erased".into());
    step.evidence.expected = true;
    let receipt = receipt(vec![step]);
    let said = text(&html(&receipt, None, Lang::Cs, Audience::Person));
    assert!(said.contains("podle sdělení pracovníka, neověřeno"), "{said}");
    assert!(said.contains("nikdo neviděl, zda údaje zmizely – pracovník potvrdil: vymazáno (30. 11. 2026)"), "{said}");
    let whole = text(&html(&receipt, None, Lang::Cs, Audience::Authority));
    assert!(whole.contains("„cli:ann said so at"), "{whole}");
}

#[test]
fn no_paper_for_a_person_names_an_account() {
    let mut kept = step("legal", Outcome::Retained);
    kept.reason = Some("cli:root (sudo: anna) said so at 2026-11-30T18:03:21Z: retained (563/1991 Sb., § 31)".into());
    let mut gone = step("archive", Outcome::Unverifiable);
    gone.reason = Some("cli:ben said so at 2026-11-30T18:03:21Z: erased (shredded)".into());
    gone.evidence.expected = true;
    let mut there = step("paper", Outcome::Residual);
    there.reason = Some("cli:ben said so at 2026-11-30T18:03:21Z: residual".into());
    let receipt = receipt(vec![kept, gone, there]);
    for (lang, law, confirmed) in [
        (
            Lang::Cs,
            "legal: uchovává se podle 563/1991 Sb., § 31 (podle sdělení pracovníka, 30. 11. 2026)",
            "pracovník potvrdil: vymazáno, „shredded“ (30. 11. 2026)",
        ),
        (
            Lang::En,
            "legal: kept by 563/1991 Sb., § 31 (as a member of staff has said, 30 November 2026)",
            "a member of staff has confirmed: erased, “shredded” (30 November 2026)",
        ),
    ] {
        let certificate = text(&html(&receipt, None, lang, Audience::Person));
        assert!(certificate.contains(law) && certificate.contains(confirmed), "{certificate}");
        let letters = letters(&case(), Some(&receipt.statement), lang);
        assert!(text(&letters[4]).contains(law), "{}", text(&letters[4]));
        for paper in letters.iter().map(|letter| text(letter)).chain([certificate]) {
            assert!(!["cli:", "anna", "said so at"].iter().any(|inner| paper.contains(inner)), "{paper}");
        }
    }
    // What a system says in such words itself is no colleague's word.
    assert!(told::Word::of("the vendor said so at noon: erased").is_none());
}

#[test]
fn what_was_not_looked_at_stands_on_it_also_where_that_was_expected() {
    let evidence = Evidence {
        not_looked_at: vec!["e-mail threads".into(), "the <archive> & \"backups\"".into()],
        expected: true,
        ..Evidence::default()
    };
    let receipt = receipt(vec![Step { evidence, ..step("mluvii", Outcome::Erased) }]);
    let written = html(&receipt, None, Lang::Cs, Audience::Person);
    let said = text(&written);
    assert!(said.contains("mluvii (konverzace): e-mailová vlákna v mluvii"), "{said}");
    assert!(
        written.contains("the &lt;archive&gt; &amp; &quot;backups&quot;") && !written.contains("<archive>"),
        "escaped"
    );
}

#[test]
fn a_paper_loads_nothing_and_runs_nothing() {
    let receipt = receipt(vec![step("mluvii", Outcome::Erased), step("crm", Outcome::Retained)]);
    let case = case();
    let mut papers = Vec::new();
    for lang in Lang::ALL {
        papers.push(html(&receipt, Some(&case), lang, Audience::Person));
        papers.push(html(&receipt, Some(&case), lang, Audience::Authority));
        papers.extend(letters(&case, Some(&receipt.statement), lang));
    }
    for paper in papers {
        for loads in ["src=", "href=", "url(", "@import", "<script", "http://", "https://", "<link", "<img"] {
            assert!(!paper.contains(loads), "{loads}");
        }
        assert!(paper.contains("default-src 'none'") && paper.contains("@page { size: A4"));
    }
}

#[test]
fn what_is_not_known_is_a_line_to_write_on() {
    let unknown = Case::default();
    for lang in Lang::ALL {
        for letter in letters(&unknown, None, lang) {
            assert!(letter.contains("class=\"blank"), "{letter}");
            assert!(!letter.contains("None") && !letter.contains("1970"), "{letter}");
        }
    }
    let receipt = receipt(vec![step("mluvii", Outcome::Erased)]);
    let certificate = html(&receipt, Some(&unknown), Lang::Cs, Audience::Person);
    assert!(certificate.contains("Jméno\u{a0}a") || certificate.contains("Jméno a\u{a0}příjmení"));
    assert!(text(&certificate).contains("Žádost přijata Totožnost ověřena"), "both are lines");
}

#[test]
fn letters_are_filled_from_the_request_and_the_receipt() {
    let mut kept = step("billing", Outcome::Retained);
    kept.reason = Some("invoices: § 31".into());
    let receipt = receipt(vec![step("mluvii", Outcome::Erased), kept]);
    let [acknowledgement, extension, confirmation, refusal, partial, recipients, _] =
        letters(&case(), Some(&receipt.statement), Lang::Cs).try_into().expect("seven letters");
    let acknowledgement = text(&acknowledgement);
    assert!(acknowledgement.contains("dne 3. listopadu 2026 jsme obdrželi Vaši žádost"), "{acknowledgement}");
    assert!(acknowledgement.contains("nejpozději do 3. prosince 2026 (čl. 12 odst. 3 GDPR)"), "{acknowledgement}");
    assert!(
        text(&extension).contains("Lhůtu prodlužujeme do 3. prosince 2026")
            && text(&extension).contains("žádost je složitá")
    );
    assert!(text(&confirmation).contains("kromě toho, co se uchovává") && text(&confirmation).contains("doklad č. 1"));
    let rights = "stížnost u dozorového úřadu (čl. 77 GDPR)";
    assert!(text(&refusal).contains("obhajobu právních nároků (čl. 17 odst. 3 písm. e) GDPR)"));
    assert!(text(&refusal).contains(rights) && text(&partial).contains(rights));
    assert!(
        text(&partial).contains("billing: ponecháno – systém uvedl: „invoices: § 31“")
            && !text(&partial).contains("mluvii (konverzace)")
    );
    assert!(text(&recipients).contains("Podle článku 19") && !text(&recipients).contains(rights));
    // Where nothing was erased, nobody tells a recipient so.
    let nothing = issued(&session(vec![step("mluvii", Outcome::Absent)]), None);
    let letter = letters(&case(), Some(&nothing.statement), Lang::Cs).swap_remove(5);
    let letter = letter.replace('\u{a0}', " ");
    assert!(letter.contains("jsme dne <span class=\"blank short\">"), "{letter}");
}

#[test]
fn what_a_law_keeps_is_said_in_the_letter_s_language_wherever_it_is() {
    let mut kept = step("mluvii", Outcome::Retained);
    kept.reason = Some("kept by law: call records, by § 97 (127/2005)".into());
    let statement = receipt(vec![step("crm", Outcome::Erased), kept]).statement;
    for (lang, said) in [
        (Lang::Cs, "mluvii (konverzace): ponecháno ze zákona: call records, podle § 97 (127/2005)"),
        (Lang::En, "mluvii (conversations): retained by law: call records, by § 97 (127/2005)"),
    ] {
        assert!(LetterKind::PartialRefusal.is_said_by(&statement));
        let partial = text(&letters(&case(), Some(&statement), lang)[4]);
        assert!(partial.contains(said), "{partial}");
    }
}

#[test]
fn what_somebody_decided_to_keep_is_said_in_the_letter_beside_what_a_law_keeps() {
    let mut kept = session(vec![step("mluvii", Outcome::Erased), step("billing", Outcome::Retained)]);
    kept.findings = Some(Findings { certain: 1, excluded: 2, ..Findings::default() });
    let both = issued(&kept, None).statement;
    kept.steps.pop();
    let decided = issued(&kept, None).statement;
    for (lang, said) in [
        (Lang::Cs, "konverzace, které člověk rozhodl ponechat: 2"),
        (Lang::En, "conversations that a person decided to keep: 2"),
    ] {
        for statement in [&both, &decided] {
            assert!(LetterKind::PartialRefusal.is_said_by(statement));
            let partial = text(&letters(&case(), Some(statement), lang)[4]).replace('\u{a0}', " ");
            assert!(partial.contains(said), "{partial}");
            assert_eq!(partial.contains("billing"), statement == &both, "{partial}");
        }
    }
}

#[test]
fn a_letter_is_said_only_by_a_receipt_of_what_it_tells() {
    for (outcome, refused, told) in [
        (Outcome::Erased, false, true),
        (Outcome::Retained, true, false),
        (Outcome::Absent, false, false),
        (Outcome::Residual, false, false),
        (Outcome::Unverifiable, false, false),
    ] {
        let statement = receipt(vec![step("crm", outcome)]).statement;
        assert_eq!(LetterKind::PartialRefusal.is_said_by(&statement), refused, "{outcome:?}");
        assert_eq!(LetterKind::Recipients.is_said_by(&statement), told, "{outcome:?}");
        assert!(LetterKind::Confirmation.is_said_by(&statement));
    }
}

#[test]
fn a_recipient_is_told_where_our_own_erasure_is_not_complete() {
    let complete = receipt(vec![step("mluvii", Outcome::Erased)]).statement;
    let incomplete = receipt(vec![step("mluvii", Outcome::Erased), step("crm", Outcome::Residual)]).statement;
    for (lang, reserve) in [(Lang::Cs, "výmaz není úplný"), (Lang::En, "erasure is not complete")] {
        let recipients = |statement| text(&letters(&case(), Some(statement), lang)[5]);
        assert!(recipients(&incomplete).contains(reserve), "{}", recipients(&incomplete));
        assert!(!recipients(&complete).contains(reserve), "{}", recipients(&complete));
    }
}

#[test]
fn whatever_the_reason_of_a_refusal_there_is_room_for_the_facts_and_a_word_of_complaint_and_court() {
    for because in RejectedBecause::ALL {
        let case = Case { rejected: Some(*because), ..case() };
        for (lang, facts, complaint, court) in [
            (
                Lang::Cs,
                "Bližší odůvodnění:",
                "stížnost u dozorového úřadu (čl. 77 GDPR)",
                "soudní ochranu (čl. 79 GDPR)",
            ),
            (Lang::En, "In this case:", "a supervisory authority (Art. 77 GDPR)", "judicial remedy (Art. 79 GDPR)"),
        ] {
            let refusal = letters(&case, None, lang).swap_remove(3);
            let line = refusal.split_once(facts).expect("there is room for the facts").1;
            assert_eq!(line.matches("class=\"blank line\"").count(), 4, "{because}: {line}");
            let refusal = text(&refusal);
            assert!(refusal.contains(complaint) && refusal.contains(court), "{because}: {refusal}");
        }
    }
}

#[test]
fn why_a_request_is_complex_is_left_to_the_officer() {
    let extension = letters(&case(), None, Lang::En).swap_remove(1);
    assert!(extension.contains("the request is complex: <span class=\"blank line\">"), "{extension}");
    let many = Case { extended: Some(ExtendedBecause::NumberOfRequests), ..case() };
    let extension = letters(&many, None, Lang::En).swap_remove(1);
    assert!(
        extension.contains("the number of requests that we are dealing with") && !text(&extension).contains("complex")
    );
}

#[test]
fn who_made_the_request_is_asked_only_while_that_is_not_known() {
    let unverified = Case { verified: None, ..case() };
    for (lang, asked) in [(Lang::Cs, "(čl. 12 odst. 6 GDPR)"), (Lang::En, "(Art. 12(6) GDPR)")] {
        assert!(text(&letters(&unverified, None, lang)[0]).contains(asked));
        assert!(!text(&letters(&case(), None, lang)[0]).contains(asked));
    }
}

#[test]
fn a_letter_says_no_more_than_the_worst_of_the_requests_receipts() {
    let mut kept = step("billing", Outcome::Retained);
    kept.reason = Some("invoices: § 31".into());
    let worse = receipt(vec![step("crm", Outcome::Residual), kept]).statement;
    let mut newest = receipt(vec![step("mluvii", Outcome::Erased)]).statement;
    newest.sequence = worse.sequence + 1;
    for (lang, gone, not_all, numbers) in [
        (Lang::Cs, "Vše, co jsme našli, je vymazáno.", "Ne všechno je vymazáno", "(doklady č. 1 a 2)"),
        (Lang::En, "Everything that was found is gone.", "Not everything was seen", "(receipts No. 1 and 2)"),
    ] {
        let alone = letters(&case(), Some(&newest), lang);
        assert!(text(&alone[2]).contains(gone), "{}", text(&alone[2]));
        let others = [worse.clone()];
        let [_, _, confirmation, _, partial, _, _] =
            letters_of(&case(), Some(&newest), &others, lang).try_into().expect("seven letters");
        let (confirmation, partial) = (text(&confirmation), text(&partial));
        assert!(!confirmation.contains(gone) && confirmation.contains(not_all), "{confirmation}");
        assert!(confirmation.contains(numbers) && partial.contains(numbers), "{confirmation} {partial}");
        assert!(partial.contains("invoices: § 31"), "{partial}");
    }
}

#[test]
fn the_last_day_of_a_request_that_is_not_extended_is_no_extended_one() {
    let unextended = Case { extended: None, ..case() };
    let letters = letters(&unextended, None, Lang::En);
    assert!(text(&letters[0]).contains("3 December 2026"), "it is acknowledged until then");
    assert!(!text(&letters[1]).contains("3 December 2026"), "{}", text(&letters[1]));
}

#[test]
fn a_certificate_says_why_a_request_was_extended_and_nothing_of_one_that_was_not() {
    let receipt = receipt(vec![step("mluvii", Outcome::Erased)]);
    let certificate = |extended, lang| {
        let case = Case { extended, ..case() };
        text(&html(&receipt, Some(&case), lang, Audience::Person))
    };
    let complex = certificate(Some(ExtendedBecause::Complexity), Lang::En);
    assert!(complex.contains("Why it was extended the request is complex"), "{complex}");
    let many = certificate(Some(ExtendedBecause::NumberOfRequests), Lang::Cs);
    assert!(many.contains("Proč byla lhůta prodloužena počet žádostí"), "{many}");
    assert!(!certificate(None, Lang::En).contains("Why it was extended"), "it was not");
}

#[test]
fn no_paper_says_when_identity_was_verified_as_nobody_has_told() {
    let receipt = receipt(vec![step("mluvii", Outcome::Erased)]);
    let certificate = text(&html(&receipt, Some(&case()), Lang::En, Audience::Person));
    assert!(certificate.contains("Identity verified by an identity document"), "{certificate}");
    let acknowledgement = text(&letters(&case(), None, Lang::En)[0]);
    assert!(acknowledgement.contains("Your identity was verified."), "{acknowledgement}");
}

#[test]
fn what_identity_was_verified_by_is_no_receipt_of_ours() {
    let receipt = receipt(vec![step("mluvii", Outcome::Erased)]);
    for (by, czech, english) in [
        (VerifiedBy::Document, "podle dokladu totožnosti", "by an identity document"),
        (VerifiedBy::KnownContact, "přes kontakt, který známe", "by contact details known to us"),
    ] {
        let case = Case { verified: Some(by), ..case() };
        for (lang, said) in [(Lang::Cs, czech), (Lang::En, english)] {
            let certificate = text(&html(&receipt, Some(&case), lang, Audience::Person));
            assert!(certificate.contains(said), "{certificate}");
        }
    }
}

#[test]
fn an_erasure_that_is_not_complete_is_reported_and_not_confirmed() {
    let titles = [("Potvrzení o výmazu", "Zpráva o výmazu"), ("Certificate of erasure", "Report on an erasure")];
    for (outcome, is_complete) in [(Outcome::Erased, true), (Outcome::Retained, true), (Outcome::Residual, false)] {
        let receipt = receipt(vec![step("crm", outcome)]);
        for (lang, (confirmed, reported)) in Lang::ALL.into_iter().zip(titles) {
            let html = html(&receipt, None, lang, Audience::Person).replace('\u{a0}', " ");
            assert_eq!((html.contains(confirmed), html.contains(reported)), (is_complete, !is_complete), "{html}");
        }
    }
}

#[test]
fn a_time_from_a_minute_to_the_same_one_is_said_once() {
    let mut receipt = receipt(vec![step("crm", Outcome::Erased)]);
    for (begun, ended, said) in [
        (60, 119, "Erased 1 Jan 1970 01:01 CET Where"),
        (60, 120, "Erased 1 Jan 1970 01:01 CET – 1 Jan 1970 01:02 CET Where"),
    ] {
        let at = |second| Timestamp::from_second(second).expect("a time");
        (receipt.statement.begun, receipt.statement.ended) = (Some(at(begun)), at(ended));
        let certificate = text(&html(&receipt, None, Lang::En, Audience::Person));
        assert!(certificate.contains(said), "{certificate}");
    }
    // What is signed says UTC, and so does who compares with it.
    let certificate = text(&html(&receipt, None, Lang::En, Audience::Authority));
    assert!(certificate.contains("(times in UTC)") && certificate.contains("1970-01-01T00:02:00Z"), "{certificate}");
}

#[test]
fn a_day_is_one_of_the_controllers_calendar() {
    let mut receipt = receipt(vec![step("crm", Outcome::Erased)]);
    // Half past midnight in Prague.
    receipt.statement.approved = Some("2026-11-30T23:30:00Z".parse().expect("a time"));
    let said = text(&html(&receipt, None, Lang::En, Audience::Person));
    assert!(said.contains("approved the erasure on 1 December 2026"), "{said}");
}

#[test]
fn no_paper_says_that_a_link_in_an_email_shows_whose_a_request_is() {
    let by_link = Case { verified: Some(VerifiedBy::EmailLink), ..case() };
    let receipt = receipt(vec![step("mluvii", Outcome::Erased)]);
    for (lang, identity, access, confirmed) in [
        (Lang::En, "dentity", "access to the e-mail address", "E-mail address confirmed by a link in an e-mail"),
        (Lang::Cs, "otožnost", "přístup k e-mailové adrese", "E-mailová adresa potvrzena odkazem v e-mailu"),
    ] {
        let acknowledgement = text(&letters(&by_link, None, lang)[0]);
        assert!(acknowledgement.contains(access) && !acknowledgement.contains(identity), "{acknowledgement}");
        let certificate = text(&html(&receipt, Some(&by_link), lang, Audience::Person));
        assert!(certificate.contains(confirmed) && !certificate.contains(identity), "{certificate}");
    }
}

#[test]
fn numbers_agree_with_what_they_count() {
    let count = |number| told::count(Lang::Cs, "sessions", number).replace('\u{a0}', " ");
    assert_eq!(
        [1, 2, 5, 0, 22, 12_345].map(count),
        ["1 konverzace", "2 konverzace", "5 konverzací", "0 konverzací", "22 konverzací", "12 345 konverzací"]
    );
    assert_eq!(told::count(Lang::En, "contacts", 1_234), "1,234\u{a0}contacts");
    assert_eq!(told::count(Lang::Cs, "widgets", 3), "widgets:\u{a0}3");
}

#[test]
fn an_authority_gets_every_member_of_the_receipt() {
    let receipt = receipt(vec![step("mluvii", Outcome::Erased)]);
    let said = text(&html(&receipt, None, Lang::En, Audience::Authority));
    let statement = &receipt.statement;
    for member in [&statement.erasure.to_string(), &statement.subject] {
        assert!(said.contains(member.as_str()), "{member}");
    }
    let digits = said.replace(' ', "");
    for hex in [&receipt.head().hash, &receipt.signature, &statement.previous] {
        assert!(digits.contains(hex.as_str()), "{hex}");
    }
    let person = text(&html(&receipt, None, Lang::En, Audience::Person));
    assert!(!person.contains(&statement.subject), "a session's number is nothing for the kitchen table");
    assert!(person.contains("the newest receipt is told to: notary") && person.contains("cannot be told to: archive"));
}

#[test]
fn the_place_in_the_chain_is_that_of_the_receipt_and_the_head_that_of_the_newest() {
    let receipts = chain(3);
    let [first, _, newest] = &receipts[..] else { panic!("three receipts") };
    let [own, head] = [first, newest].map(|receipt| receipt.head().hash);
    assert_ne!(own, head);
    for (lang, place, of_own, of_head) in [
        (Lang::Cs, "doklad č. 1; nejnovější má č. 3", "Otisk dokladu", "Otisk nejnovějšího"),
        (Lang::En, "receipt No. 1; the newest is No. 3", "Hash of the receipt", "Hash of the newest"),
    ] {
        let without_spaces = |said: &str| said.replace(' ', "");
        for audience in [Audience::Person, Audience::Authority] {
            let said = text(&html_in(first, newest, None, lang, audience));
            assert!(said.contains(place), "{said}");
            let all = without_spaces(&said);
            for (name, hash) in [(of_own, &own), (of_head, &head)] {
                assert!(all.contains(&(without_spaces(name) + hash)), "{name} {hash}: {said}");
            }
        }
        let newest = text(&html(newest, None, lang, Audience::Person));
        assert!(newest.contains(&place.replace("1;", "3;")) && !newest.contains(of_head), "it is itself: {newest}");
    }
}
