//! Czech: why a session was erased, or was not.

use crate::admin::pages::words::explained::Explained;
use crate::policy::{RuleAnswer, Trigger};

pub(in crate::admin::pages::words) const WORDS: Explained = Explained {
    applied: "Použila se",
    by_facts: "Podle těchto údajů",
    company_needed: "Vyberte společnost, jejíž konverzace to je.",
    consent_seen: "Souhlas, který pravidla viděla",
    did_not_apply: "Nepoužila se",
    event: "Událost",
    events_are_remembered: "Události se pamatují jen po nějakou dobu a bez toho, co v nich stálo. Událost, která jen říká, že se má konverzace znovu zkontrolovat, zmizí, jakmile se to stane.",
    events_none: "O této konverzaci se nepamatuje žádná událost.",
    events_title: "Události, které přišly",
    explain: "Proč se konverzace vymazala, nebo ne",
    explain_lead: "Kdy a podle kterého pravidla a souhlasu se o konverzaci rozhodlo a jak by rozhodla dnešní pravidla.",
    fact_fields: "{name}: počet polí {n}",
    fact_is: "{name} = {value}",
    fact_not_there: "{name}: není vyplněno",
    fact_there: "{name}: je vyplněno",
    facts_now: "Co se o ní ví teď",
    happened: "Stalo se",
    look_up: "Vysvětlit",
    nav: "Vysvětlit konverzaci",
    not_asked_again: "Na tato pravidla se znovu zeptat nejde: co stálo ve formuláři, už není známo, a změna souhlasu je pryč.",
    not_ended: "Nerozhoduje se o ničem: pokud je známo, konverzace neskončila.",
    not_found: "O této konverzaci se nic neuchovává",
    not_known_which: "Další pravidla se nepoužila; která, není známo, protože se od té doby změnila",
    now_title: "Jak by rozhodla dnešní pravidla",
    on_event: "Kdy",
    older_gone: "Možná byla i starší rozhodnutí, nic z nich se však neuchovává.",
    received: "Přišla",
    session_field: "Konverzace",
    session_hint: "Číslo, které má v mluvii, například 4711. Bez něj se vypíšou všechny",
    session_number_wrong: "Zadejte číslo konverzace, například 4711.",
    settled: "Ustálila se",
    then_none: "Žádné pravidlo se zatím nevyhodnocovalo.",
    then_title: "Jak se rozhodlo",
    erased: "Vymazána",
    erased_by_others: "Žádný z nich ji nevymazal. Který výmaz osoby to udělal, se u konverzace po jeho skončení nevede: najdete ho u osoby a u její žádosti.",
    erasures_none: "Žádný výmaz konverzace ani jejího hosta není znám.",
    erasures_title: "Co z toho vzešlo",
    ended: "Skončila",
    damaged: "Záznam je poškozený, nic o ní nejde říct",
    day_field: "Začala nejpozději",
    day_hint: "Seznam začne přibližně tam: je v pořadí čísel",
    day_wrong: "Zadejte den.",
    sessions_none: "Konverzace se tu objeví, jakmile o ní mluvii dá vědět.",
    sessions_title: "Konverzace",
    show: "Zobrazit",
    answer,
    trigger,
};

fn answer(one: RuleAnswer) -> &'static str {
    match one {
        RuleAnswer::Applies => "Použije se",
        RuleAnswer::DoesNotApply => "Nepoužije se",
        RuleAnswer::Failed => "Nejde vyhodnotit: musí se podívat člověk",
        RuleAnswer::NotAsked => "Při této události se nevyhodnocuje",
    }
}

fn trigger(one: Trigger) -> &'static str {
    match one {
        Trigger::SessionEnded => "Konverzace skončila",
        Trigger::SessionSettled => "Konverzace se ustálila",
        Trigger::FormSubmitted => "Formulář, nebo údaje předané s konverzací",
        Trigger::ConsentChanged => "Změnil se souhlas",
    }
}
