//! Papers as they come out of a printer: written by the program, printed by a real browser.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Deployment, ERASE, Server, StandIn, crm_plugin, receipts, wait_for};

/// Prints a page, and says what is on the sheets: how many, their size, the fonts, and the text.
fn printed(html: &Path) -> (usize, String, Vec<String>, String) {
    let pdf = html.with_extension("pdf");
    let profile = tempfile::tempdir().expect("a temporary folder");
    let mut browser = Command::new("chromium");
    browser.args(["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]);
    browser.arg(format!("--user-data-dir={}", profile.path().display()));
    browser.arg(format!("--print-to-pdf={}", pdf.display())).arg(html);
    let done = browser.output().expect("chromium is there (tests/needs.sh)");
    assert!(pdf.is_file(), "{}", String::from_utf8_lossy(&done.stderr));
    pictured(&pdf);
    let info = said("pdfinfo", &pdf, &[]);
    let line = |name: &str| {
        let found = info.lines().find_map(|line| line.strip_prefix(name)).expect("pdfinfo says it");
        found.trim().to_owned()
    };
    let fonts = said("pdffonts", &pdf, &[]).lines().skip(2).map(str::to_owned).collect();
    (line("Pages:").parse().expect("a number"), line("Page size:"), fonts, said("pdftotext", &pdf, &["-"]))
}

/// What a program of poppler says of a file.
fn said(program: &str, pdf: &Path, more: &[&str]) -> String {
    let output = Command::new(program).arg(pdf).args(more).output().expect("poppler is there (tests/needs.sh)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Leaves a picture of each sheet in `QUIETUS_TEST_PICTURES`, or below the build: somebody looks at them.
fn pictured(pdf: &Path) {
    let named = std::env::var_os("QUIETUS_TEST_PICTURES").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR"))).join("papers");
    std::fs::create_dir_all(&folder).expect("a folder");
    let name = folder.join(pdf.file_stem().expect("a name"));
    said("pdftoppm", pdf, &["-png", "-r", "80", name.to_str().expect("UTF-8")]);
    let name = name.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
    let of_it = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        // What there is behind the name is the number of the sheet.
        let rest = entry.strip_prefix(&name).and_then(|rest| rest.strip_prefix('-'));
        rest.and_then(|rest| rest.strip_suffix(".png"))
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    assert!(std::fs::read_dir(&folder).expect("a folder").any(of_it), "there is no picture of {name}");
}

#[test]
fn certificates_and_letters_are_sheets_of_a4_in_both_languages() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    deployment.add("[papers]\ncontroller = \"Příkladná energie, s. r. o.\"\ncontact = \"gdpr@energy.example\"\n");
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@x.cz", None);
    standin.just_end(101);
    receipts(&deployment, 1);

    let paper = |name: &str, arguments: &[&str]| {
        let file = deployment.path(name);
        let written = deployment.run(&[arguments, &["--out", file.to_str().expect("UTF-8")]].concat());
        assert!(written.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&written.stderr));
        file
    };
    let a4 = |size: &str| size.contains("(A4)");
    let (pages, size, fonts, text) =
        printed(&paper("certificate.cs.html", &["receipts", "certificate", "1", "--lang", "cs"]));
    assert!((pages, a4(&size)) == (1, true), "the common case is one sheet: {pages}, {size}\n{text}");
    // Without the style sheet, it would be another font; and what is not embedded is another one on other machines.
    let is_ours = |font: &String| (font.contains("Serif") || font.contains("Mono")) && font.contains(" yes ");
    assert!(!fonts.is_empty() && fonts.iter().all(is_ours), "{fonts:?}");
    for said in [
        "Příkladná energie, s. r. o.",
        "Potvrzení o výmazu osobních údajů",
        "Vše, co jsme našli, je vymazáno.",
        "Kam jsme se nedívali",
        "Jak si potvrzení ověřit",
    ] {
        assert!(text.replace('\u{a0}', " ").contains(said), "{said}: {text}");
    }
    assert!(!text.contains("ann@x.cz"), "{text}");

    let exported = deployment.path("receipts.jsonl");
    assert!(deployment.run(&["receipts", "export", "--out", exported.to_str().expect("UTF-8")]).status.success());
    let receipt = std::fs::read_to_string(exported).expect("there");
    let receipt: serde_json::Value = serde_json::from_str(receipt.lines().nth(1).expect("a receipt")).expect("JSON");
    let signature = receipt["signature"].as_str().expect("a signature").as_bytes();
    for (lang, title) in
        [("cs", "Potvrzení o výmazu osobních údajů"), ("en", "Certificate of erasure of personal data")]
    {
        let authority = ["receipts", "certificate", "1", "--lang", lang, "--for", "authority"];
        let (pages, size, fonts, text) = printed(&paper(&format!("certificate.authority.{lang}.html"), &authority));
        assert!((1..=3).contains(&pages) && a4(&size), "{lang}: {pages}, {size}");
        assert!(!fonts.is_empty() && fonts.iter().all(is_ours), "{lang}: {fonts:?}");
        let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(title), "{lang}: {text}");
        // Eight digits each, whose lines stand beside others.
        let printed_all = signature.chunks(8).all(|part| text.contains(str::from_utf8(part).expect("digits")));
        assert!(printed_all, "{lang}: {text}");
    }

    let (pages, size, fonts, text) =
        printed(&paper("certificate.en.html", &["receipts", "certificate", "1", "--lang", "en"]));
    assert!((pages, a4(&size)) == (1, true), "{pages}, {size}\n{text}");
    assert!(!fonts.is_empty() && fonts.iter().all(is_ours), "{fonts:?}");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "Příkladná energie, s. r. o.",
        "Certificate of erasure of personal data",
        "Everything that was found is gone.",
        "Where we did not look",
        "How to verify it",
        "receipt No. 1; the newest is No. 1",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("výmaz") && !text.contains("doklad"), "all of it is English: {text}");

    let unnamed = deployment.run(&["letters", "confirmation", "--lang", "en"]);
    assert_eq!(unnamed.status.code(), Some(1), "what was done is said by a receipt only");
    let retained = deployment.run(&["letters", "partial-refusal", "--lang", "en", "--receipt", "1"]);
    let why = String::from_utf8_lossy(&retained.stderr);
    assert!(retained.status.code() == Some(1) && why.contains("says that anything is retained"), "{why}");
    let missing = deployment.run(&["receipts", "certificate", "9", "--lang", "cs"]);
    assert_eq!(missing.status.code(), Some(1));
}

/// What officers print most: of a person, with mluvii, a CRM and an archive on paper that a colleague has seen to.
#[test]
fn a_persons_certificate_with_three_systems_is_one_sheet_by_the_clocks_of_the_deployment() {
    let standin = StandIn::start();
    let paper = "[[manual]]\nname = \"paper\"\ntitle = \"Papírový archiv\"\ntext = \"Shred it.\"\ndeadline = \"21d\"\n";
    let deployment = Deployment::new(&standin, &format!("{RULES_OF_NOTHING}\n{paper}"));
    let whose = "controller = \"Příkladná energie, s. r. o.\"\naddress = \"Dlouhá 12, 110 00 Praha 1\"\ncontact = \"gdpr@energy.example\"";
    deployment.add(&format!("[papers]\n{whose}\n[requests]\ntime_zone = \"Asia/Tokyo\"\n"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.add_contact("ann@x.cz");
    standin.begin(101, "ann@x.cz", Some("v3"));
    standin.end(101);
    deployment.settled(1);
    deployment.write("who", "email: ann@x.cz\n");
    let who = deployment.path("who");
    let new = ["requests", "new", "--came", "letter", "--verified", "document", "--number", "2026/033", "--file"];
    deployment.json(&[&new[..], &[who.to_str().expect("UTF-8")]].concat());
    let plan = deployment.json(&["requests", "plan", "2026/033"]);
    deployment.json(&["requests", "run", "2026/033", "--plan", plan["plan"].as_str().expect("a hash")]);
    let task = wait_for("the task", || deployment.json(&["tasks", "list"])[0]["id"].as_str().map(str::to_owned));
    assert!(deployment.run(&["tasks", "done", &task, "--outcome", "erased"]).status.success());
    receipts(&deployment, 1);
    for lang in ["cs", "en"] {
        let file = deployment.path(&format!("{lang}.html"));
        let write = ["receipts", "certificate", "1", "--request", "2026/033", "--lang", lang, "--out"];
        assert!(deployment.run(&[&write[..], &[file.to_str().expect("UTF-8")]].concat()).status.success());
        let (pages, _, _, text) = printed(&file);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(pages, 1, "{text}");
        for said in ["Papírový archiv (paper)", "crm", "mluvii", "Dlouhá 12", ", gdpr@energy.example", " JST"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(!text.contains("UTC"), "{text}");
    }
}

#[test]
fn every_letter_is_a_sheet_of_a4_in_both_languages() {
    let standin = StandIn::start();
    let law = "§ 97(3) of the Electronic Communications Act (127/2005)";
    let kept = format!("retained = {{ mluvii = {{ of = \"call records\", by = \"{law}\" }} }}");
    let papers = "[papers]\ncontroller = \"Příkladná energie, s. r. o.\"\ncontact = \"gdpr@energy.example\"\n";
    let more = format!("{RULES_OF_NOTHING}{}\n{papers}", crm_plugin(&standin.crm));
    let deployment = Deployment::tuned(&standin.mluvii, &kept, "", &more);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@x.cz", Some("v3"));
    standin.end(101);
    deployment.settled(1);
    standin.add_contact("ann@x.cz");

    let enter = |number: &str, who: &str| {
        deployment.write("who", &format!("email: {who}\n"));
        let file = deployment.path("who").display().to_string();
        let new =
            ["requests", "new", "--number", number, "--came", "letter", "--verified", "document", "--file", &file];
        deployment.json(&new);
    };
    // One is erased where no law keeps it, one is refused, and one is answered later.
    for (number, who) in [("A/1", "ann@x.cz"), ("B/2", "bob@x.cz"), ("C/3", "carol@x.cz")] {
        enter(number, who);
    }
    let plan = deployment.json(&["requests", "plan", "A/1"]);
    done(&deployment, &["requests", "run", "A/1", "--plan", plan["plan"].as_str().expect("a hash")]);
    let receipt = receipts(&deployment, 1).remove(0);
    let outcomes = receipt["statement"]["steps"].to_string();
    assert!(outcomes.contains("\"retained\"") && outcomes.contains("\"erased\""), "{receipt:#}");
    done(&deployment, &["requests", "reject", "B/2", "--because", "legal-claims"]);
    done(&deployment, &["requests", "extend", "C/3", "--months", "2", "--because", "complexity"]);

    // The one that says that nothing is held is printed below.
    let letters = [
        ("acknowledgement", "A/1"),
        ("extension", "C/3"),
        ("confirmation", "A/1"),
        ("refusal", "B/2"),
        ("partial-refusal", "A/1"),
        ("recipients", "A/1"),
    ];
    // No more browsers at once than a small machine has room for.
    for some in letters.chunks(2) {
        std::thread::scope(|threads| {
            for (letter, request) in some {
                for lang in ["cs", "en"] {
                    let deployment = &deployment;
                    threads.spawn(move || is_a_letter(deployment, letter, request, lang));
                }
            }
        });
    }
    server.stop();
}

/// It is written, printed and addressed, and names nobody.
fn is_a_letter(deployment: &Deployment, letter: &str, request: &str, lang: &str) {
    let file = deployment.path(&format!("{letter}.{lang}.html"));
    let out = file.to_str().expect("UTF-8");
    done(deployment, &["letters", letter, "--lang", lang, "--request", request, "--out", out]);
    let (pages, size, fonts, text) = printed(&file);
    // One that says what a law keeps goes on on a second sheet.
    assert!((1..=2).contains(&pages) && size.contains("(A4)"), "{letter} {lang}: {pages}, {size}\n{text}");
    assert!(!fonts.is_empty() && fonts.iter().all(|font| font.contains(" yes ")), "{fonts:?}");
    let greeting = match (lang, letter) {
        ("cs", "recipients") => "Vážení,",
        ("cs", _) => "Vážená paní",
        _ => "Dear Sir or Madam,",
    };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("Příkladná energie") && text.contains(greeting), "{letter} {lang}: {text}");
    assert!(!text.contains("@x.cz"), "{letter} {lang}: {text}");
}

#[test]
fn a_certificate_says_where_its_receipt_stands_and_which_one_is_the_newest() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    let erased = |id: i64, count: usize| {
        standin.begin(id, "ann@x.cz", None);
        standin.just_end(id);
        receipts(&deployment, count)
    };
    let certificate = |sequence: &str| {
        let output = deployment.run(&["receipts", "certificate", sequence, "--lang", "en"]);
        String::from_utf8(output.stdout).expect("UTF-8").replace('\u{a0}', " ")
    };
    erased(101, 1);
    let alone = certificate("1");
    assert!(alone.contains("receipt No. 1; the newest is No. 1") && !alone.contains("Hash of the newest"), "{alone}");
    erased(102, 2);
    let first = certificate("1");
    let second = certificate("2");
    assert!(second.contains("receipt No. 2; the newest is No. 2"), "{second}");
    // Each receipt names the hash of the one before.
    let all = erased(103, 3);
    let [own, head] = [1, 2].map(|at| all[at]["statement"]["previous"].as_str().expect("a hash").to_owned());
    assert!(first.contains("receipt No. 1; the newest is No. 2"), "{first}");
    let of = |name: &str| {
        let (_, rest) = first.split_once(name).unwrap_or_else(|| panic!("{name}: {first}"));
        let (_, hash) = rest.split_once("<span class=\"hash\">").expect("a hash");
        hash.split_once('<').expect("its end").0.replace(' ', "")
    };
    assert_eq!((of("Hash of the receipt"), of("Hash of the newest")), (own, head));
    server.stop();
}

#[test]
fn papers_are_filled_from_the_request_that_the_receipt_answers_and_from_no_other() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, RULES_OF_NOTHING);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@x.cz", Some("v3"));
    standin.end(101);
    deployment.settled(1);
    let said = |arguments: &[&str], code: i32| {
        let output = deployment.run(arguments);
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said.replace('\u{a0}', " ")
    };
    let enter = |who: &str, more: &[&str]| {
        deployment.write("who", &format!("email: {who}\n"));
        let file = deployment.path("who");
        let entered = ["requests", "new", "--came", "letter", "--verified", "document", "--file"];
        let entered = deployment.json(&[&entered[..], &[file.to_str().expect("UTF-8")], more].concat());
        entered["number"].as_str().expect("a number").to_owned()
    };
    enter("ann@x.cz", &["--number", "2026/033"]);
    let bob = &*enter("bob@x.cz", &[]);

    // Before anything was done, no letter says that it was.
    let acknowledged = said(&["letters", "acknowledgement", "--lang", "cs", "--request", "2026/033"], 0);
    assert!(
        acknowledged.contains("Vedeme ji pod číslem 2026/033.") && acknowledged.contains("Vaši totožnost jsme ověřili")
    );
    let early = said(&["letters", "confirmation", "--lang", "cs", "--request", "2026/033"], 1);
    assert!(early.contains("no receipt says it yet"), "{early}");
    let extension = said(&["letters", "extension", "--lang", "cs", "--request", "2026/033"], 1);
    assert!(extension.contains("quietus requests extend 2026/033"), "{extension}");

    let plan = deployment.json(&["requests", "plan", "2026/033"]);
    said(&["requests", "run", "2026/033", "--plan", plan["plan"].as_str().expect("a hash")], 0);
    receipts(&deployment, 1);
    // What was foreseen stands on the receipt, and is said beside it, with what to do.
    let shown = deployment.json(&["requests", "show", "2026/033"]);
    let receipt = &shown["receipts"][0];
    assert_eq!(receipt["sequence"].as_u64(), Some(1), "{shown:#}");
    assert_eq!(receipt["verdict"], plan["foreseen"]["at_best"], "{receipt:#}");
    let reasons = receipt["reasons"].as_array().expect("reasons");
    for foreseen in plan["foreseen"]["reasons"].as_array().expect("reasons") {
        assert!(reasons.contains(foreseen), "{foreseen}: {reasons:?}");
    }
    let told = said(&["requests", "show", "2026/033"], 0);
    assert!(told.contains("✗ incomplete by not_looked_at at mluvii: contact record"), "{told}");
    let certificate = said(&["receipts", "certificate", "1", "--lang", "cs", "--request", "2026/033"], 0);
    for filled in ["Žádost 2026/033", "dopisem", "podle dokladu totožnosti", "jedné osoby: 1 konverzace", "„v3“"]
    {
        assert!(certificate.contains(filled), "{filled}: {certificate}");
    }
    let confirmed = said(&["letters", "confirmation", "--lang", "cs", "--request", "2026/033"], 0);
    assert!(confirmed.contains("doklad č. 1"), "the newest receipt is the request's own: {confirmed}");
    for other in [
        ["receipts", "certificate", "1", "--lang", "cs", "--request", bob],
        ["letters", "confirmation", "--receipt=1", "--lang", "cs", "--request", bob],
    ] {
        assert!(said(&other, 1).contains(&format!("is not one of request {bob}")));
    }
    let untrue = said(&["letters", "refusal", "--lang", "cs", "--request", bob], 1);
    assert!(untrue.contains(&format!("quietus requests reject {bob}")), "{untrue}");
    let nothing = said(&["letters", "recipients", "--lang", "cs", "--request", bob], 1);
    assert!(nothing.contains("says that anything was erased"), "{nothing}");
    said(&["letters", "recipients", "--lang", "cs", "--request", "2026/033"], 0);
    let retained = said(&["letters", "partial-refusal", "--lang", "cs", "--request", "2026/033"], 1);
    assert!(retained.contains("no receipt of request 2026/033"), "{retained}");
    said(&["requests", "reject", bob, "--because", "legal-claims"], 0);
    let refused = said(&["letters", "refusal", "--lang", "cs", "--request", bob], 0);
    assert!(refused.contains("obhajobu právních nároků") && !refused.contains("bob@x.cz"), "{refused}");
}

#[test]
fn that_nothing_is_held_is_written_only_where_it_was_looked_everywhere() {
    let standin = StandIn::start();
    let mluvii = "title = { cs = \"Chat s klienty\", en = \"Chat\" }\n\
                  accept_left = [\"contact record\", \"e-mail threads\", \"sessions without a contact\"]";
    let deployment = Deployment::tuned(&standin.mluvii, mluvii, "", &format!("{SEARCH}{RULES_OF_NOTHING}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@x.cz", Some("v3"));
    standin.end(101);
    deployment.settled(1);
    let enter = |who: &str| {
        deployment.write("who", &format!("email: {who}\n"));
        let file = deployment.path("who");
        let new = ["requests", "new", "--came", "letter", "--verified", "document", "--file"];
        let entered = deployment.json(&[&new[..], &[file.to_str().expect("UTF-8")]].concat());
        entered["number"].as_str().expect("a number").to_owned()
    };
    let letter = |number: &str, lang: &str, code: i32| {
        let output = deployment.run(&["letters", "nothing-held", "--request", number, "--lang", lang]);
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        assert_eq!(output.status.code(), Some(code), "{said}");
        said.replace('\u{a0}', " ")
    };
    let carol = enter("carol@x.cz");
    assert!(letter(&carol, "cs", 1).contains("quietus requests plan"), "nobody has looked");
    let plan = deployment.json(&["requests", "plan", &carol]);
    assert_eq!(plan["foreseen"]["at_best"], "complete", "{plan:#}");
    assert_eq!(plan["titles"]["mluvii"]["en"], "Chat");
    let written = letter(&carol, "cs", 0);
    for said in ["nenašli žádné osobní údaje", "Chat s klienty (mluvii)", "záznam v adresáři kontaktů mluvii"]
    {
        assert!(written.contains(said), "{said}: {written}");
    }
    assert!(!written.contains("carol"), "{written}");
    // What the plan has shown lasts beyond the end.
    assert!(deployment.run(&["requests", "close", &carol, "--because", "nothing-held"]).status.success());
    let english = letter(&carol, "en", 0);
    assert!(english.contains("no personal data concerning you was found") && english.contains("Chat (mluvii)"));
    for lang in ["cs", "en"] {
        let file = deployment.path(&format!("nothing-held.{lang}.html"));
        let out = file.to_str().expect("UTF-8");
        done(&deployment, &["letters", "nothing-held", "--request", &carol, "--lang", lang, "--out", out]);
        let (pages, size, _, text) = printed(&file);
        assert!(pages == 1 && size.contains("(A4)"), "{lang}: {pages}, {size}\n{text}");
    }

    let ann = enter("ann@x.cz");
    deployment.json(&["requests", "plan", &ann]);
    assert!(letter(&ann, "cs", 1).contains("1 sessions would go by its plan"));
    let closed = deployment.run(&["requests", "close", &ann, "--because", "nothing-held"]);
    let why = String::from_utf8_lossy(&closed.stderr).into_owned();
    assert!(!closed.status.success() && why.contains("1 session goes"), "{why}");
    let form = deployment.run(&["letters", "nothing-held", "--lang", "cs"]);
    assert_eq!(form.status.code(), Some(1), "it is no form: it says what somebody has seen");
    server.stop();
}

#[track_caller]
fn done(deployment: &Deployment, order: &[&str]) {
    let output = deployment.run(order);
    assert!(output.status.success(), "{order:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// How mluvii itself is searched; the table belongs to the only `[[mluvii]]`.
pub(crate) const SEARCH: &str = r#"
[mluvii.search]
contacts = "GET /api/v1/Contacts?departmentId={department}&filterField={field}&filterValue={value}&limit=200&offset={offset}"
fields = { email = "email", phone = "phone" }
sessions_of_guest = "GET /api/v1/Sessions?ClientId={id}&limit=200&offset={offset}"
"#;

/// Sessions settle once they are concluded, and no rule erases anything.
pub(crate) const RULES_OF_NOTHING: &str = "[settling]\nlimit = \"2h\"\npause = \"0s\"\n";
