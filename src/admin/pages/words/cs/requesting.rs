//! Czech: what is said of a request's plan, its approval and its answer.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::requesting::Requesting;

pub(in crate::admin::pages::words) const WORDS: Requesting = Requesting {
    answer_certificate: "Vytiskněte pro ni potvrzení.",
    answer_letter: "Pošlete ho s dopisem o tom, jak žádost dopadla, dokud běží lhůta.",
    answer_remains: "Odpovězte osobě, pokud se tak ještě nestalo",
    answer_where: "Potvrzení a dopisy",
    answers_caption: "Jak každý systém odpověděl, když se plán sestavoval; nic se tím nesmazalo",
    answers_not_kept: "Odpovědi systémů se s tímto plánem neuložily. Sestavte plán znovu.",
    approved_to_run: "Plán je schválený; výmaz spustí pověřenec.",
    certificate_of: "Potvrzení k dokladu {number}",
    for_authority: "Pro úřad",
    for_person: "Pro osobu",
    not_asked_paused: "Volání systému je pozastavené, proto se ho nikdo neptal. Důvod: {reason}.",
    not_settled: "Co doklad řekne, se zatím neví jistě.",
    perhaps: "Možná: {reason}",
    reasons_of_either: "Pro výmaz i ponechání",
    reasons_not_theirs: "Jen pro ponechání: patří někomu jinému",
    reasons_theirs: "Jen pro ponechání: patří jí, doklad bude neúplný",
    unknown_asker_title: "Tento plán nemůže nikdo schválit",
    unknown_asker_way: "Cesta dál: pověřenec žádost ukončí jako zapsanou omylem a pod svým účtem ji zapíše znovu, se stejným dnem přijetí. Pak ji může schválit kolega.",
    waits_for_your_approval: "Čeká na vaše schválení.",
    contacts_found: Forms {
        one: "V adresáři mluvii je {n} kontakt této osoby. Jeho záznam zůstane.",
        few: "V adresáři mluvii jsou {n} kontakty této osoby. Jejich záznamy zůstanou.",
        other: "V adresáři mluvii je {n} kontaktů této osoby. Jejich záznamy zůstanou.",
    },
};
