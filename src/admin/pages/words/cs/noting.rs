//! Czech: acknowledging incomplete receipts, and the file with all receipts.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::noting::Noting;

pub(in crate::admin::pages::words) const WORDS: Noting = Noting {
    back: "Zpět na neúplné doklady",
    do_download: "Stáhnout všechny doklady",
    file_lead: "Soubor s jedním záznamem JSON na řádek, který si uložíte jinam. Kdokoli ho může ověřit i bez tohoto serveru a nikoho nejmenuje.",
    file_title: "Všechny doklady do souboru",
    lead: "Potvrdíte tím, že víte, co zůstalo. Nikdo na to už nebude upozorňován a server to později může přesunout do archivu. Doklad zůstane, jak je.",
    noted_lead: "V protokolu je vaše jméno. Doklady zůstaly, jak jsou, tedy neúplné.",
    nothing_new: "Už to vzal na vědomí někdo před vámi",
    title: "Vzít na vědomí, co zůstalo",
    do_note: Forms {
        one: "Vzít na vědomí {n} doklad",
        few: "Vzít na vědomí {n} doklady",
        other: "Vzít na vědomí {n} dokladů",
    },
    noted: Forms {
        one: "Na vědomí jste vzali {n} neúplný doklad",
        few: "Na vědomí jste vzali {n} neúplné doklady",
        other: "Na vědomí jste vzali {n} neúplných dokladů",
    },
};
