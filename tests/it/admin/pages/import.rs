//! Many requests at once, from the lines of a spreadsheet.

use super::{ADMIN, Browser};
use crate::harness::{Deployment, Needles, Server, StandIn};

/// Two persons, one of them twice; a line that names nobody, and one that is wrong.
const LINES: &str = "name;email;came;received;number\r\n\
    Canary Novak;canary-7f3a@example.com;letter;2025-01-03;2026/7\r\n\
    ;canary-8b1c@example.com;phone;;\r\n\
    ;;letter;;\r\n\
    ;canary-9d2e@example.com;canary-pigeon;;\r\n\
    ;canary-9d2e@example.com;letter;canary-day;\r\n\
    ;canary-no-address;letter;;\r\n\
    ;canary-8b1c@example.com;letter;;\r\n";

#[test]
fn each_line_becomes_a_request_once_and_what_came_of_it_names_nobody() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let jana = Browser::by(&server, &deployment, "jana", "Jana", &["officer"], &[]);
    jana.get("/requests").is(200).says(&["/requests/import", "Many requests at once"]);
    let mut pages = Vec::new();
    let first = jana.post("/requests/import", &[("lines", LINES)]).is(200).says(&[
        "2 requests are entered",
        "1 line is of a request that was there already.",
        "4 lines were not entered.",
        "Column came is wrong",
        "Column received is wrong",
        "Enter a day of the calendar",
        "Column email is wrong",
        "/requests/acme/2026%2F7",
    ]);
    pages.push(first.text);
    pages.push(jana.get("/requests").is(200).says(&["2 open requests", "2026/7"]).text);
    // The same lines again go on where it ended: nobody is entered twice.
    let again = jana.post("/requests/import", &[("lines", LINES)]).is(200);
    pages.push(again.says(&["0 requests are entered", "3 lines are of requests that were there already."]).text);
    pages.push(jana.get("/requests").is(200).says(&["2 open requests"]).text);
    // A number that is taken is no person who is there: somebody else under it is not entered, and the page says so.
    let other =
        jana.post("/requests/import", &[("lines", "email;came;number\ncanary-1e4f@example.com;letter;2026/7\n")]);
    let other = other.is(200).says(&["0 requests are entered", "1 line was not entered.", "another request"]);
    assert!(!other.text.contains("there already"), "{}", other.text);
    pages.push(other.text);

    // Of what is wrong as a whole, nothing is entered.
    let many = format!("email\n{}", "canary-ffff@example.com\n".repeat(201));
    for (lines, came, says) in [
        ("", "letter", "Paste the lines"),
        ("email;came\n", "", "Paste the lines"),
        ("came\nletter\n", "", "No column says whom"),
        ("guest_id\tcame\n4711\tletter\n", "", "Column 1 holds numbers"),
        ("email,What is this?\ncanary-aaaa@example.com,x\n", "letter", "Column 2 has no name"),
        ("email\ncanary-aaaa@example.com\n", "", "Choose how the requests came"),
        (many.as_str(), "letter", "There are more lines than 200"),
    ] {
        let page = jana.post("/requests/import", &[("lines", lines), ("came", came)]).is(400);
        pages.push(page.says(&[says, "kept nowhere", "<title>Error:"]).text);
    }
    pages.push(jana.get("/requests").is(200).says(&["2 open requests"]).text);
    jana.get("/language/cs?next=/").leads_to("/");
    let czech =
        jana.post("/requests/import", &[("lines", "\u{feff}email\tcame\ncanary-9d2e@example.com\tform\n")]).is(200);
    pages.push(czech.says(&["Zapsána 1 žádost", "Zapsáno:"]).text);
    let lines = "email;came;received;mluvii\ncanary-aaaa@example.com;canary-pigeon;;\n\
        canary-aaaa@example.com;letter;2999-01-01;\ncanary-aaaa@example.com;letter;;canary-company\n";
    let czech = jana.post("/requests/import", &[("lines", lines)]).is(200).says(&[
        "Chyba ve sloupci came",
        "Napište jedno z těchto slov: letter,",
        "Chyba ve sloupci received",
        "Den je v budoucnosti.",
        "Chyba ve sloupci mluvii",
        "společnost tu není.",
    ]);
    assert!(!czech.text.contains("lang=\"en\">there"), "{}", czech.text);
    pages.push(czech.text);

    let needles = Needles::of([
        "canary-7f3a",
        "canary-8b1c",
        "canary-9d2e",
        "canary-pigeon",
        "Canary Novak",
        "canary-aaaa",
        "canary-day",
        "canary-no-address",
        "canary-1e4f",
        "canary-company",
    ]);
    for text in &pages {
        needles.must_be_absent("a page", text.as_bytes());
    }
    let (_, log) = server.stop();
    needles.must_be_absent("the log", log.join("\n").as_bytes());
    needles.must_be_absent_in(deployment.folder());
}
