//! Czech, of consents.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::consents::ConsentsWords;
use crate::consent::{CameBy, UnknownCause};
use crate::operations::consent::Left;
use crate::subject::Scope;

pub(super) const WORDS: ConsentsWords = ConsentsWords {
    all_companies: "Všechny společnosti",
    approval_to_come: "Než se cokoli vymaže, musí výmaz schválit člověk.",
    as_shown: "Ukazuje to mluvii",
    at_settling: "Později, až se konverzace ustálí:",
    at_settling_now: "Během několika minut, až quietus konverzaci znovu zkontroluje:",
    begins_at_once: "Začne hned.",
    begins_on_approval: "Začne, jakmile to schválí člověk.",
    begins_then: "Začne {time}.",
    by_form: "Formulář: {form}",
    by_rule: "Pravidlo bez formuláře",
    came_needed: "Vyberte, jak odvolání přišlo.",
    company_needed: "Vyberte společnost.",
    day: "Řečeno dne",
    day_hint: "Co bylo uděleno po tomto dni, platí dál. Nevyplníte-li den, platí dnešek.",
    day_wrong: "Zadejte den, který není v budoucnosti.",
    decide_lead: "Tím se nic nestane: jen se znovu ukáže, co by následovalo po vašem rozhodnutí.",
    decide_title: "Rozhodnout o jednotlivých konverzacích",
    demand: "Pravidlo {rule} vymaže {scope} v systémech: {targets}.",
    demands: "Co podle pravidel následuje",
    done_lead: "Je zapsáno i to, jak odvolání přišlo. Souhlasy konverzací, které tu nebyly, se nezměnily.",
    done_title: "Odvolání je zapsáno",
    do_see: "Ukázat, co by se stalo",
    do_withdraw: "Zapsat odvolání",
    earliest_first: "Od nejnovějšího",
    ended: "Skončila",
    ends: "Které souhlasy skončí",
    expired: "Co jste o osobě zadali, platí 15 minut a jen v přihlášení, ve kterém jste to zadali. Vyhledejte osobu znovu.",
    export_csv: "Stáhnout jako CSV",
    export_json: "Stáhnout jako řádky JSON",
    export_lead: "Která konverzace ukazuje který souhlas, teď i dřív. Nikoho nejmenuje. Poslední řádek JSON říká, že je to vše; poslední řádek tabulky, který začíná slovem „damaged“, říká, o kolika konverzacích se nedá nic říct.",
    export_title: "Všechny souhlasy do souboru",
    find_lead: "Souhlasy osoby najdete na stránce Osoby, podle toho, čím se osoba pozná.",
    find_title: "Jedna konverzace",
    how: "Jak je to známo",
    lead: "Který souhlas konverzace ukazuje, teď i dřív, a jak skončil.",
    leave: "Nechat, jak jsou",
    left_title: "Co zůstane, jak je",
    left_why: "Proč to zůstane",
    needs_approval: "Nejdřív to musí schválit člověk.",
    no_demands: "Nic: žádné pravidlo nic nepožaduje.",
    not_read: "mluvii konverzaci neukazuje, takže výmaz podle ní může dosáhnout na méně.",
    nobody_title: "Nikdo není jmenován",
    nothing_ends: "Není tu žádný souhlas, který by odvoláním skončil.",
    now: "Teď",
    number: "Číslo konverzace",
    number_hint: "Jak ji čísluje mluvii, například 4711.",
    number_wrong: "Číslo konverzace má jen číslice.",
    of_person: "Odvolání souhlasů osoby",
    of_session: "Souhlas konverzace {number}",
    search_again: "Vyhledat osobu",
    shown_lead: "Zatím se nic nezměnilo. Provede se jen to, co je tu uvedeno: pokud se z toho mezitím něco změní, odvolání se nezapíše.",
    shown_title: "Co by odvolání způsobilo",
    started: "Začala",
    state: "Souhlas",
    take: "Možná patří osobě: vyberte ty, které jí patří",
    tenant: "Oddělení",
    title: "Souhlasy",
    to_person: "Na stránku Osoby",
    unread: "Nepřečteno",
    version: "Verze textu",
    when: "Od kdy",
    withdraw_lead: "Když osoba odvolá souhlas dopisem nebo telefonem, mluvii se o tom nedozví: zapište to. Nejdřív se ukáže, co by podle pravidel následovalo.",
    withdraw_of_person: "Odvolat souhlasy",
    withdraw_title: "Odvolat souhlas",
    would_do: "Co by se stalo",
    sessions_end: Forms {
        one: "Skončí souhlas {n} konverzace.",
        few: "Skončí souhlasy {n} konverzací.",
        other: "Skončí souhlasy {n} konverzací.",
    },
    erasures_demanded: Forms {
        one: "Pravidla tím hned požadují {n} výmaz.",
        few: "Pravidla tím hned požadují {n} výmazy.",
        other: "Pravidla tím hned požadují {n} výmazů.",
    },
    erasures_to_come: Forms {
        one: "Jakmile se konverzace ustálí, pravidla tím požadují {n} výmaz; pak ho najdete zde:",
        few: "Jakmile se konverzace ustálí, pravidla tím požadují {n} výmazy; pak je najdete zde:",
        other: "Jakmile se konverzace ustálí, pravidla tím požadují {n} výmazů; pak je najdete zde:",
    },
    came,
    cause,
    left,
    scope,
};

fn came(one: CameBy) -> &'static str {
    match one {
        CameBy::Letter => "Pověřenci dopisem",
        CameBy::Phone => "Pověřenci telefonem",
        CameBy::Email => "Pověřenci e-mailem",
        CameBy::InPerson => "Pověřenci osobně",
    }
}

fn cause(one: UnknownCause) -> &'static str {
    match one {
        UnknownCause::NotFound => "mluvii konverzaci nezná",
        UnknownCause::NotUnderstood => "odpovědím mluvii nebylo rozumět",
    }
}

fn left(one: Left) -> &'static str {
    match one {
        Left::Possible => "Jen možná patří osobě. Rozhodněte o ní níže.",
        Left::Excluded => "Byla vyloučena.",
        Left::NotGiven => "Žádný souhlas, který by odvolání mohlo ukončit, tu není, nebo byl udělen až potom.",
    }
}

/// What a rule erases, as the object of a sentence.
fn scope(one: Scope) -> &'static str {
    match one {
        Scope::Session => "tuto konverzaci",
        Scope::Guest => "všechny konverzace hosta",
        Scope::Person => "vše, co se o osobě najde",
    }
}
