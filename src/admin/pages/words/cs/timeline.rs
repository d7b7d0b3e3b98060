//! Czech: what has happened to an erasure, and what is next.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::timeline::Timeline;

pub(in crate::admin::pages::words) const WORDS: Timeline = Timeline {
    approved_then: "Schváleno",
    ask_people_again: "Mažou tam lidé. Zjistěte od nich, co zůstalo a proč, a zadejte jim úkol znovu. Znovu se tím rozběhne vše, co u tohoto výmazu potřebuje člověka.",
    asked_to_erase: "Výzva k výmazu",
    begun_then: "Výmaz začal: je zjištěno, kterých konverzací se týká, a systémy se volají",
    belongs_to: "Co k výmazu patří",
    by_content_after: "něco přibylo po výmazu",
    by_erased_again: "znovu nalezeno v systému po výmazu {id}",
    by_request: "žádost osoby",
    by_shown_again: "mluvii ji po výmazu znovu ukazuje",
    cancelled_then: "Konec: výmaz byl zrušen nebo zamítnut",
    changed_nothing: "Přišlo to pozdě a nic se nezměnilo.",
    demanded: "Podle čeho: {rules}",
    do_ask_again: "Zadat úkol znovu",
    ended_then: "Hotovo: každý systém má svůj výsledek a doklad je vystaven",
    goes_on_by_itself: "Není třeba nic dělat, pokračuje to samo.",
    kept_by_hold: "Drží ho pozastavení",
    last_answer: "Poslední odpověď",
    look_then_retry: "Najděte v systému příčinu a pak to zkuste znovu. Znovu se tím rozběhne vše z tohoto výmazu, co potřebuje člověka.",
    next_here: "Dál:",
    officer_sees_to_task: "O úkol se postará pověřenec, nebo ti, kdo ho dostali.",
    operator_asks_again: "Úkol zadá znovu správce.",
    operator_retries: "Správce najde v systému příčinu a zkusí to znovu.",
    operator_sees_to_target: "O systém se postará správce.",
    receipt_in_archive: "Doklad {number} je v archivu.",
    report_or_person: "Do té doby není třeba nic dělat. Když hlášení nepřijde, bude potřeba člověk.",
    see_target: "Podívat se na systém",
    see_tasks: "Postarat se o úkol",
    sent_unanswered: "Výzva k výmazu odešla. Jak dopadla, není známo, a podruhé se odeslat nesmí.",
    step_begun: "Výmaz začal",
    waits_for_people: "Čeká na člověka",
    was_stopped: "Zastaveno: po systému se už nic dalšího nežádá",
    what_happened: "Co se stalo",
    what_is_kept: "Uchovává se, kolik pokusů měl současný krok a jaká byla poslední odpověď, ne čas každého pokusu.",
    still_there: Forms {
        one: "Po {n} výzvě tam údaje stále byly",
        few: "Po {n} výzvách tam údaje stále byly",
        other: "Po {n} výzvách tam údaje stále byly",
    },
    ordered,
};

/// Acts on an erasure, by their words in the audit; nothing of what nobody knows.
fn ordered(act: &str) -> &'static str {
    match act {
        "erasure.request" => "Výmaz vyžádán: {who}.",
        "erasure.approve" => "Schváleno: {who}.",
        "erasure.reject" => "Zamítnuto: {who}.",
        "erasure.confirm" => "Potvrzeno odkazem z e-mailu: {who}.",
        "erasure.retry" => "Znovu rozběhnuto: {who}.",
        "erasure.cancel" => "Zrušeno: {who}.",
        "erasure.stop" => "Zastaveno: {who}.",
        "erasure.reopen" => "Začalo, protože se něco znovu objevilo: {who}.",
        "task.done" => "Odpověď na úkol: {who}.",
        "task.reveal" => "Zobrazeno, koho se úkol týká: {who}.",
        "task.link" => "Vytvořen odkaz na úkol: {who}.",
        _ => "",
    }
}
