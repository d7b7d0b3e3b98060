//! Czech: looking, after another system's restore, whom it holds again.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::sweeping::Sweeping;
use crate::ledger::{Restarted, SweepState};
use crate::operations::erase_again::Is;

pub(in crate::admin::pages::words) const WORDS: Sweeping = Sweeping {
    again_by: "Znovu vymazáno výmazem",
    asked: "Osob k novému výmazu",
    backup_hint: "Den, kdy záloha vznikla; raději dřívější",
    backup_of: "Den zálohy",
    cancel_lead: "Dál se nic neprovede. Kdo už je k výmazu zadán, ten se vymaže.",
    confirm_needed: "Zaškrtněte, že je to záměr.",
    do_cancel: "Přestat hledat",
    do_erase: "Znovu je vymazat",
    do_look: "Zjistit, kdo je tam znovu",
    erase_lead: "Vymažou se jen v tomto systému, každý s vlastním dokladem. Co se vymaže, nejde vrátit. Pokud tam mezitím budou jiní lidé, nevymaže se nikdo.",
    erase_lead_approval: "Vymažou se jen v tomto systému, každý s vlastním dokladem, až to do jednoho dne schválí někdo jiný. Co se vymaže, nejde vrátit. Pokud tam mezitím budou jiní lidé, nezadá se nikdo.",
    erase_tick: "Mají se tam znovu vymazat",
    found_caption: "Podle výmazu, kterým byl každý z nich vymazán",
    found_title: "Kdo je tam znovu",
    go: "Záznamů k výmazu",
    kept_since: "Kdo byl vymazán před {time}, mezi nimi není: už se neuchovává nic, podle čeho by se našel.",
    lead: "Obnovila se záloha některého systému? Může v něm znovu být někdo, kdo tam už byl vymazán. Zde se systém zeptá, koho drží, a mezi nimi se najdou ti, kdo byli vymazáni. O nikom jiném se nic neuchová.",
    moved: "Poslední postup",
    new_lead: "Nejdřív se jen spočítají. Může to trvat dlouho a pokračuje to samo.",
    new_title: "Projít systém",
    newest: "Poslední průchod každým systémem",
    nobody: "Nikdo z vymazaných mezi nimi není.",
    none: "Žádný systém se takto zatím neprocházel.",
    not_erased: "Nikdo se znovu nevymaže",
    not_looked_at: "Systém neřekl všechno. Může tam být něco novějšího, proto se nikdo nevymaže:",
    not_ordered: "Systém se neprošel",
    of: "Po obnově: {target}",
    ordered_by: "Zadáno {time}, kdo: {who}",
    records: "Porovnaných záznamů",
    since: "Vymazaní od",
    since_wrong: "Zadejte den, který už nastal, například 2026-11-27.",
    stay: "Záznamů, které zůstanou",
    target: "Systém",
    target_hint: "Podle názvu v konfiguraci, například crm; mluvii se porovnává samo",
    target_unknown: "Systém tohoto názvu tu není.",
    title: "Po obnově zálohy",
    why: "Důvod:",
    compared: Forms {
        one: "Od té doby tam byla vymazána {n} osoba, kterou jde znovu najít.",
        few: "Od té doby tam byly vymazány {n} osoby, které jde znovu najít.",
        other: "Od té doby tam bylo vymazáno {n} osob, které jde znovu najít.",
    },
    more: Forms {
        one: "A ještě {n}; všechny uvádí API.",
        few: "A ještě {n}; všechny uvádí API.",
        other: "A ještě {n}; všechny uvádí API.",
    },
    not_comparable: Forms {
        one: "{n} další najít nejde: už se neuchovává nic, podle čeho by se našla.",
        few: "{n} další najít nejde: už se neuchovává nic, podle čeho by se našly.",
        other: "{n} dalších najít nejde: už se neuchovává nic, podle čeho by se našly.",
    },
    not_erased_then: Forms {
        one: "{n} tam tehdy vymazána nebyla, nebo tam zůstala podle zákona; nic se s ní neděje.",
        few: "{n} tam tehdy vymazány nebyly, nebo tam zůstaly podle zákona; nic se s nimi neděje.",
        other: "{n} tam tehdy vymazáno nebylo, nebo tam zůstalo podle zákona; nic se s nimi neděje.",
    },
    restarts: Forms {
        one: "Začalo se od začátku ještě {n}krát.",
        few: "Začalo se od začátku ještě {n}krát.",
        other: "Začalo se od začátku ještě {n}krát.",
    },
    still_open: Forms {
        one: "{n} další je tam vymazána a jinde výmaz ještě běží: projděte systém znovu, až skončí.",
        few: "{n} další jsou tam vymazány a jinde výmazy ještě běží: projděte systém znovu, až skončí.",
        other: "{n} dalších je tam vymazáno a jinde výmazy ještě běží: projděte systém znovu, až skončí.",
    },
    would_go: Forms {
        one: "Znovu by se vymazala {n} osoba",
        few: "Znovu by se vymazaly {n} osoby",
        other: "Znovu by se vymazalo {n} osob",
    },
    is,
    restarted,
    state,
};

fn is(one: Is) -> &'static str {
    match one {
        Is::Again => "Znovu tam je",
        Is::Unseen => "Nebylo vidět vše: zůstane",
        Is::UnderWay => "Maže se",
        Is::Held => "Výmaz je pozastaven",
        Is::Back => "Přišel znovu: zůstane",
        Is::Undated => "Neví se odkdy: zůstane",
        Is::Possible => "Možná: zůstane",
    }
}

fn restarted(one: Restarted) -> &'static str {
    match one {
        Restarted::NoCursor => "Systém neřekl, kde může pokračovat.",
        Restarted::CursorRefused => "Systém nepokračoval tam, kde skončil.",
        Restarted::NotOpened => "Co se z průchodu uchovalo, nejde otevřít.",
        Restarted::Reconfigured => "Od té doby se změnila konfigurace, nebo plugin systému.",
        Restarted::Old => "Kdo se našel před víc než dnem, může už být znovu zákazníkem.",
    }
}

fn state(one: SweepState) -> &'static str {
    match one {
        SweepState::Sweeping => "Porovnává se",
        SweepState::Asking => "Zadává se výmaz",
        SweepState::Done => "Hotovo",
        SweepState::Failed => "Nedokončeno",
        SweepState::Cancelled => "Zrušeno",
    }
}
