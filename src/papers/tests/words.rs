//! What systems are called and what they say, what people decided, and that nothing was found.

use super::*;
use crate::erasure::MluviiSearch;
use crate::subject::{InstallationName, Scope, Title};

#[test]
fn a_system_is_called_by_its_title_of_today_and_by_the_name_that_is_signed() {
    let kept = Step { reason: Some("invoices".into()), ..step("crm", Outcome::Retained) };
    let receipt = receipt(vec![step("mluvii", Outcome::Erased), kept, step("legal", Outcome::Erased)]);
    let title = serde_json::from_value(serde_json::json!({ "cs": "Zákazníci & spol.", "en": "Customers" }));
    let acme = InstallationName("acme".into());
    let titles = Titles(
        [
            (TargetName("crm".into()), title.expect("a title")),
            (TargetName::mluvii_of(&acme), Title::Text("Chat".into())),
        ]
        .into(),
    );
    for (lang, crm, note) in [
        (Lang::Cs, "Zákazníci &amp; spol. (crm)", "názvy jsou dnešní"),
        (Lang::En, "Customers (crm)", "titles are those of today"),
    ] {
        for audience in [Audience::Person, Audience::Authority] {
            let said = text(&html_titled(&receipt, &receipt, None, lang, audience, &titles));
            assert!(said.contains(crm) && said.contains("Chat (mluvii)") && said.contains(note), "{said}");
            assert!(said.matches(crm).count() >= 2, "in the table and in what stays: {said}");
        }
        let untitled = text(&html(&receipt, None, lang, Audience::Person));
        assert!(!untitled.contains(note), "{untitled}");
        let letterhead = Letterhead::default();
        let (case, written) = (case(), date(2026, 11, 30));
        let statement = Some(&receipt.statement);
        let kind = LetterKind::PartialRefusal;
        let letter = Letter {
            kind,
            case: &case,
            letterhead: &letterhead,
            titles: &titles,
            calendar: &prague(),
            statement,
            others: &[],
            nothing: None,
            written,
        };
        assert!(text(&letter.html(lang)).contains(crm), "{}", text(&letter.html(lang)));
    }
    // What is signed has the name alone.
    assert!(!serde_json::to_string(&receipt).expect("JSON").contains("Customers"));
}

#[test]
fn a_czech_paper_says_in_czech_what_our_own_plugins_say_and_quotes_others() {
    let evidence = Evidence {
        not_looked_at: vec!["deals of the person".into(), "<my> archive".into()],
        keeps: Some(vec!["HubSpot keeps archived objects for 90 days, by its knowledge base".into()]),
        ..Evidence::default()
    };
    let mut kept = step("billing", Outcome::Retained);
    kept.reason = Some("kept by law: invoices, by § 31 of the Accounting Act (563/1991)".into());
    let receipt = receipt(vec![Step { evidence, ..step("crm", Outcome::Erased) }, kept]);
    let certificate = html(&receipt, None, Lang::Cs, Audience::Person);
    let partial = letters(&case(), Some(&receipt.statement), Lang::Cs).swap_remove(4);
    let said = text(&certificate);
    for sentence in [
        "crm: obchody osoby",
        "crm: systém uvedl: „&lt;my&gt; archive“",
        "HubSpot uchovává archivované objekty 90 dnů",
        "billing: ponecháno ze zákona: invoices, podle § 31",
    ] {
        assert!(said.contains(sentence), "{sentence}: {said}");
    }
    assert!(!said.contains("deals of the person") && !said.contains("HubSpot keeps"), "{said}");
    assert!(text(&partial).contains("ponecháno ze zákona: invoices"), "{}", text(&partial));
    let english = text(&html(&receipt, None, Lang::En, Audience::Person));
    assert!(
        english.contains("crm: deals of the person") && english.contains("crm: the system said: “&lt;my&gt; archive”")
    );
}

#[test]
fn what_people_decided_is_said_once_for_each_decision() {
    let accepted = ["archive", "contact record", "deals of the person"].map(|place| (place.to_owned(), 0_u64));
    let of = |target: &str| {
        let evidence = Evidence { accepted: accepted.clone().into(), ..Evidence::default() };
        Step { evidence, ..step(target, Outcome::Erased) }
    };
    let mut statement = receipt(vec![of("crm"), of("mluvii")]).statement;
    statement.approved = Some(Timestamp::UNIX_EPOCH);
    let hold = |name: &str| {
        let detail = Some(format!("{name} (legal-claims)"));
        ReasonStatement { code: "held".into(), target: None, count: None, detail }
    };
    statement.reasons.insert(0, hold("h-1"));
    statement.reasons.push(hold("h-2"));
    let plain = |texts: Vec<String>| texts.into_iter().map(|text| text.replace('\u{a0}', " ")).collect::<Vec<_>>();
    let decided = |lang| plain(told_of(lang, &statement).decided);
    assert_eq!(
        decided(Lang::Cs),
        [
            "výmaz schválil člověk dne 1. ledna 1970",
            "výmaz po nějakou dobu čekal kvůli pozastavení – „h-1 (legal-claims)“ a „h-2 (legal-claims)“",
        ]
    );
    // A place is not seen by being accepted.
    assert_eq!(
        plain(told_of(Lang::Cs, &statement).unseen),
        [
            "crm: systém uvedl: „archive“; záznam v adresáři kontaktů mluvii; obchody osoby (předem přijato, že se tam nehledá)",
            "mluvii (konverzace): systém uvedl: „archive“; záznam v adresáři kontaktů mluvii; obchody osoby (předem přijato, že se tam \
             nehledá)",
        ]
    );
    let english = decided(Lang::En);
    assert_eq!(english.len(), 2, "{english:?}");
    assert_eq!(english[0], "a person approved the erasure on 1 January 1970");
}

#[test]
fn no_paper_says_that_what_nobody_has_seen_is_gone() {
    let mut word = step("paper", Outcome::Unverifiable);
    word.reason = Some("cli:ann said so at 2026-11-30T10:00:00Z: erased".into());
    word.evidence.expected = true;
    let mut own = Step { verified_at: None, ..step("billing", Outcome::Erased) };
    own.evidence.expected = true;
    let mut unknown = step("legal", Outcome::Unverifiable);
    unknown.evidence.expected = true;
    let accepted = |kind: &str, count: u64| Evidence {
        not_looked_at: if count == 0 { vec![kind.to_owned()] } else { Vec::new() },
        accepted: [(kind.to_owned(), count)].into(),
        ..Evidence::default()
    };
    let unlooked = Step { evidence: accepted("contact record", 0), ..step("mluvii", Outcome::Erased) };
    let left = Step { evidence: accepted("phone", 2), ..step("mluvii", Outcome::Erased) };
    let all = [
        ("Vše, co jsme našli, je vymazáno.", "Everything that was found is gone."),
        ("mohli znovu zkontrolovat, je vymazáno.", "could be looked at again is gone."),
        ("Jen podle sdělení pracovníka, neověřeno: paper.", "By a member of staff’s word only, not verified: paper."),
        ("Jen podle sdělení systému, neověřeno: billing.", "By the system’s own word only, not verified: billing."),
        ("Neověřeno, zda údaje zmizely: legal.", "Not verified whether the data is gone: legal."),
        ("Na některá místa jsme se nedívali.", "Some places were not looked at."),
        ("zůstává, jak bylo předem přijato.", "stays, as was accepted before."),
    ];
    for (steps, said) in [
        (vec![step("mluvii", Outcome::Erased)], vec![0]),
        (vec![step("mluvii", Outcome::Erased), word.clone()], vec![1, 2]),
        (vec![step("mluvii", Outcome::Erased), own], vec![1, 3]),
        (vec![step("mluvii", Outcome::Erased), unknown], vec![1, 4]),
        (vec![unlooked.clone()], vec![0, 5]),
        (vec![unlooked, word], vec![1, 2, 5]),
        (vec![left], vec![6]),
    ] {
        let receipt = receipt(steps);
        let statement = &receipt.statement;
        assert_eq!(statement.verdict, Verdict::Complete, "all of it is accepted");
        for lang in Lang::ALL {
            let (titles, calendar) = (Titles::default(), prague());
            let words = InWords { lang, titles: &titles, calendar: &calendar, installation: &statement.installation };
            let of_page = words.receipt(statement).result.replace('\u{a0}', " ");
            let certificate = text(&html(&receipt, None, lang, Audience::Person));
            let confirmation = text(&letters(&case(), Some(statement), lang).swap_remove(2));
            for (at, (czech, english)) in all.iter().enumerate() {
                let sentence = lang.say(czech, english).replace('\u{a0}', " ");
                for text in [&of_page, &certificate, &confirmation] {
                    assert_eq!(text.contains(&sentence), said.contains(&at), "{sentence}: {text}");
                }
            }
        }
    }
}

#[test]
fn what_is_left_of_a_kind_that_is_accepted_stands_with_what_stays() {
    let evidence = Evidence { accepted: [("phone".to_owned(), 2)].into(), ..Evidence::default() };
    let statement = receipt(vec![Step { evidence, ..step("crm", Outcome::Erased) }]).statement;
    let told = told_of(Lang::En, &statement);
    assert_eq!(told.stays, ["crm: stays, as was accepted before: the telephone number"]);
    assert!(told.unseen.is_empty() && told.decided.is_empty(), "{told:?}");
}

#[test]
fn a_letter_that_nothing_is_held_says_where_it_was_looked_and_where_nobody_did() {
    let evidence = Evidence {
        not_looked_at: vec!["contact record".into()],
        accepted: [("contact record".to_owned(), 0)].into(),
        ..Evidence::default()
    };
    let mut legal = step("legal", Outcome::Unverifiable);
    legal.reason = Some("cli:ann said so at 2026-11-30T10:00:00Z: absent".into());
    legal.evidence.expected = true;
    let receipt =
        receipt(vec![Step { evidence, ..step("mluvii", Outcome::Absent) }, step("crm", Outcome::Absent), legal]);
    let statement = Statement { scope: Scope::Person, search: MluviiSearch::OffAccepted, ..receipt.statement.clone() };
    let nothing = Nothing::by_receipts(&[&statement], &[]).expect("nothing is held");
    let (letterhead, titles, case) = (Letterhead::default(), Titles::default(), case());
    for (lang, sentences) in [
        (
            Lang::Cs,
            [
                "kterou jsme obdrželi dne 3. listopadu 2026",
                "jsme v našich systémech nenašli žádné osobní údaje",
                "(čl. 12 odst. 4 GDPR)",
                "naposledy dne 1. ledna 1970: mluvii (konverzace) a crm.",
                "Podle sdělení pracovníka nejsou údaje ani zde: legal.",
                "mluvii (konverzace): záznam v adresáři kontaktů mluvii",
                "stížnost u dozorového úřadu (čl. 77 GDPR)",
            ],
        ),
        (
            Lang::En,
            [
                "which we received on 3 November 2026",
                "no personal data concerning you was found in our systems",
                "(Art. 12(4) GDPR)",
                "the last time on 1 January 1970: mluvii (conversations) and crm.",
                "there is no data here either: legal.",
                "mluvii (conversations): the record in mluvii’s contact directory",
                "a supervisory authority (Art. 77 GDPR)",
            ],
        ),
    ] {
        let (kind, written) = (LetterKind::NothingHeld, date(2026, 11, 30));
        let letter = Letter {
            kind,
            case: &case,
            letterhead: &letterhead,
            titles: &titles,
            calendar: &prague(),
            statement: None,
            others: &[],
            nothing: Some(&nothing),
            written,
        };
        let said = text(&letter.html(lang));
        for sentence in sentences {
            assert!(said.contains(sentence), "{sentence}: {said}");
        }
        assert!(!said.contains("cli:"), "{said}");
    }
}

#[test]
fn what_we_say_of_steps_and_tasks_is_said_in_the_readers_language_and_as_nobody_elses() {
    let (titles, calendar, installation) = (Titles::default(), prague(), InstallationName("acme".into()));
    let said = |lang, text: &str| {
        let words = InWords { lang, titles: &titles, calendar: &calendar, installation: &installation };
        words.said(text).replace('\u{a0}', " ")
    };
    for (text, czech, english) in [
        ("somebody gets a task: Shred it.", "úkol dostane člověk: Shred it.", "somebody gets a task: Shred it."),
        (
            "user:jana said so at 2026-12-01T00:52:17Z: erased",
            "pracovník potvrdil: vymazáno (1. 12. 2026)",
            "a member of staff has confirmed: erased (1 December 2026)",
        ),
        (
            "link:1f0c5a77b2d9e310/user:jana said so at 2026-12-01T00:52:17Z: erased",
            "ten, kdo dostal odkaz na úkol, potvrdil: vymazáno (1. 12. 2026)",
            "whoever was given a link to the task has confirmed: erased (1 December 2026)",
        ),
        (
            "stopped before the target was asked to erase",
            "zastaveno dřív, než systém dostal pokyn k výmazu",
            "stopped before the target was asked to erase",
        ),
        ("it is out of paper", "systém uvedl: „it is out of paper“", "the system said: “it is out of paper”"),
    ] {
        assert_eq!(said(Lang::Cs, text), czech);
        assert_eq!(said(Lang::En, text), english);
    }
}
