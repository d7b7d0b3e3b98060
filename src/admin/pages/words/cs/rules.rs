//! Czech, of rules.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::rules::RulesWords;
use crate::ledger::RuleState;
use crate::policy::Trigger;
use crate::subject::Scope;

pub(super) const WORDS: RulesWords = RulesWords {
    after: "Za jak dlouho",
    also_beside: "už není mezi pravidly",
    always: "vždy",
    at_once: "hned",
    by_itself: "Nikdo: výmaz začne sám",
    by_link: "Odkaz zaslaný na adresu z formuláře, nebo člověk, který výmaz schválí",
    by_person: "Člověk, který každý výmaz schvaluje",
    by_session_and_rule: "Čísla výše jsou podle konverzací, tabulka podle pravidel: co přestalo požadovat jedno pravidlo, může dál požadovat jiné.",
    change_lead: "Pravidla se mění v konfiguraci. Co by změněná pravidla udělala, se zkouší v příkazové řádce, dřív než začnou platit: quietus rules try --rules SOUBOR.",
    condition: "Pokud",
    configured: "Platná pravidla",
    confirm_lead: "Co tato verze požaduje, začne, až přijde čas, a to i to, co dosud čekalo. Co se vymaže, nejde vrátit.",
    damaged: "V evidenci jsou poškozené, takže se o nich nedá nic říct",
    decided: "Rozhodnuto",
    decides: "Kdo rozhoduje",
    do_confirm: "Nechat začít",
    do_reject: "Zamítnout",
    do_try: "Vyzkoušet pravidla",
    failed: "Pravidlo se nepodařilo vyhodnotit: musel by o nich rozhodnout člověk",
    judged_by: "Podle kolika konverzací se posuzovalo",
    lead: "Co samo rozhoduje o tom, že se něco vymaže.",
    less: "Méně",
    more: "Více",
    month: "Měsíc",
    no_such_version: "Ve formuláři chybí verze pravidla.",
    none: "Žádné pravidlo není nastaveno: samo se nic nevymaže.",
    not_judged: "Podle žádné konverzace se neposuzovalo.",
    not_seen: "Podle této verze zatím žádný server nepracoval.",
    not_tried: "Bez vyzkoušení, protože obsah formulářů se neuchovává: {rules}.",
    not_yours: "Rozhodnou o tom pověřenci a schvalovatelé.",
    nothing_to_say: "O těchto konverzacích žádné pravidlo nic nerozhodlo a ani by nerozhodlo.",
    on: "Kdy",
    only_reject: "Pravidlo se mezitím změnilo, takže tuto verzi lze už jen zamítnout. Do té doby její požadavky čekají.",
    reject_lead: "Co požaduje jen tato verze, se zruší: co čeká teď i co přijde později. Co požaduje i něco jiného, pokračuje. Pravidlo potom změňte.",
    rule: "Pravidlo",
    since: "Od kdy",
    state_head: "Stav",
    title: "Pravidla",
    together: "Totéž i s dalšími pravidly, která jsou nová nebo čekají",
    trial_lead: "Přečte se každá konverzace, která v té době skončila, a platná pravidla se na ní vyzkoušejí. Nic se nezmění. Při mnoha konverzacích to chvíli trvá.",
    trial_title: "Co pravidla udělala a co by udělala",
    tried_lead: "Jak pravidla o konverzacích rozhodla, a vedle toho, jak by rozhodla ta platná. Nic se nezměnilo.",
    tried_less: "O výmazu bylo rozhodnuto, a teď by nebylo",
    tried_more: "Vymazalo by se, a rozhodnuto o tom nebylo",
    tried_of: "Konverzací, které v té době skončily",
    tried_title: "Co pravidla udělala a co by udělala",
    tried_would: "Vymazala by",
    version: "Verze",
    versions: "Verze, podle kterých servery pracovaly",
    waits_lead: "Jsou nová nebo změněná a vymazala by mnoho. Co požadují, čeká, až se na to podívá člověk.",
    waits_title: "Pravidla, která čekají na člověka",
    what: "Co maže",
    where_: "Kde",
    within: "Konverzace, které skončily za",
    would: "Kolik z nich by vymazalo",
    would_short: "Vymazalo by",
    days_after: Forms { one: "po {n} dni", few: "po {n} dnech", other: "po {n} dnech" },
    hours_after: Forms { one: "po {n} hodině", few: "po {n} hodinách", other: "po {n} hodinách" },
    minutes_after: Forms { one: "po {n} minutě", few: "po {n} minutách", other: "po {n} minutách" },
    seconds_after: Forms { one: "po {n} sekundě", few: "po {n} sekundách", other: "po {n} sekundách" },
    last_days: Forms { one: "poslední {n} den", few: "poslední {n} dny", other: "posledních {n} dní" },
    scope,
    state,
    trigger,
};

fn scope(one: Scope) -> &'static str {
    match one {
        Scope::Session => "Jen tuto konverzaci",
        Scope::Guest => "Všechny konverzace hosta",
        Scope::Person => "Vše, co se o osobě najde",
    }
}

fn state(one: RuleState) -> &'static str {
    match one {
        RuleState::InForce => "Platí",
        RuleState::Waiting => "Čeká na člověka",
        RuleState::Rejected => "Zamítnuto",
    }
}

fn trigger(one: Trigger) -> &'static str {
    match one {
        Trigger::SessionEnded => "Konverzace skončila",
        Trigger::SessionSettled => "Konverzace skončila a ustálila se: nic dalšího v ní nepřibude",
        Trigger::FormSubmitted => "Formulář byl odeslán nebo zrušen",
        Trigger::ConsentChanged => "Souhlas se změnil",
    }
}
