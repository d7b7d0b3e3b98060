//! Czech: addressed with "vy", and no gender guessed. Names of people and systems stand in the nominative, as no program declines them.

use super::{Forms, Words};
use crate::access::{PasswordRefused, Role};
use crate::admin::problem::Code;
use crate::attention::{DelayCode, Severity};
use crate::consent::ConsentState;
use crate::erasure::confirmation::LinkState;
use crate::erasure::{ErasureState, Outcome, RecheckOutcome, Stage, Verdict};
use crate::hold::HoldReason;
use crate::operations::tasks::{Said, TaskState};
use crate::request::{Came, ChosenBecause, ClosedBecause, ExtendedBecause, RejectedBecause, RequestState, VerifiedBy};

pub(super) const WORDS: Words = Words {
    account: "Účet",
    account_disabled: "Zablokovaný",
    account_enabled: "Používá se",
    account_no_password: "Bez hesla: nikdo se nepřihlásí",
    accounts: "Účty a tokeny",
    accounts_lead: "Účty, role a tokeny se zakládají v příkazové řádce (quietus users, quietus tokens). Tady se ukazují.",
    address_not_confirmed: "Osoba adresu nepotvrdila: kdo výmaz schválí, ručí za to, čí je.",
    all_companies: "Všechny",
    all_of_them: "Všechny",
    another_browser: "Jiný prohlížeč",
    answered_erased: "Odpověděl, že vymazal",
    answered_lead: "Přišla odpověď, ze které není poznat, čí žádost je? Zapište ji: lhůta od toho dne zase běží.",
    answered_on: "Odpověď přišla dne",
    anybody_can_verify: "Ověřit ho může každý i bez tohoto serveru, z vyvezených dokladů a veřejného klíče.",
    approve_erasure_lead: "Po schválení výmaz začne, až přijde jeho čas. Co se vymaže, nejde vrátit.",
    approve_lead: "Žádost jste nezapsali a plán jste nesestavili, proto ho smíte schválit. Přečtěte si, které konverzace se vymažou a proč. Schválením se ještě nic nesmaže: výmaz potom spustí ten, kdo žádost vyřizuje, a to přesně podle tohoto plánu.",
    approve_title: "Schválení plánu",
    approved_by: "Schválení: {who}, {time}.",
    as_of: "Stav v {time}.",
    ask_lead: "Nevíte, čí žádost je? Vyžádejte si doplnění. Než přijde odpověď, lhůta neběží.",
    asked_once_more: "Podruhé by o výmaz byly požádány tyto systémy, a jak dopadla první žádost, nikdo neví: {targets}.",
    asked_on: "Dotaz odeslán dne",
    audit: "Protokol úkonů",
    audit_act: "Úkon",
    audit_lead: "Kdo co zadal. Řádky nejmenují, koho se to týká.",
    audit_what: "Čeho se týká",
    audit_who: "Kdo",
    back_to_request: "Zpět k žádosti",
    because: "Důvod",
    before_erased: "{rest}, než byla vymazána",
    begin_keys_title: "Klíče",
    begin_keys: "quietus běží, takže klíče má. Zálohujte je odděleně od databáze: bez nich už nikoho nenajde.",
    begin_lead: "Čeká na svůj čas. Když začne hned, smaže se už teď, co by se smazalo potom. Co se vymaže, nejde vrátit.",
    begin_letter_title: "Máte už na stole dopis?",
    begin_letter: "Zapište žádost hned, aby se počítala její lhůta.",
    begin_webhooks_title: "mluvii posílá webhooky",
    begin_webhooks: "Na {paths} zatím nic nepřišlo. Správce přidá v mluvii webhook a potom ukončí zkušební konverzaci.",
    called_next: "Další volání",
    came: "Přišla",
    came_then: "{how}, {day}.",
    cancel_lead: "Zrušením výmaz končí: co nezačalo, už nezačne. Pokud se něco stihlo vymazat, doklad řekne, co zbylo.",
    cannot_be_undone: "Nejde to vrátit.",
    case_number_hint: "Vaše vlastní, například GDPR/118/2026; když zůstane prázdné, číslo přidělí quietus",
    case_number: "Číslo jednací",
    certainly_theirs_lead: "Souhlasí všechny zadané údaje a nic si neodporuje. Konverzaci ponechte jen s důvodem.",
    certainly_theirs: "Určitě této osoby",
    certificate: "Potvrzení k tisku",
    change_password: "Změnit heslo",
    choose_company: "Vyberte společnost, které se žádost týká",
    choose_how_it_came: "Vyberte, jak žádost přišla",
    choose_why: "Vyberte, podle čeho jste rozhodli o konverzaci {session}",
    choose: "Vyberte",
    close_lead: "Žádost skončí bez dalšího výmazu. Znovu otevřít ji nepůjde.",
    close_menu: "Zavřít nabídku",
    close_title: "Ukončit žádost",
    code: "Kód",
    companies_seen: "Společnosti",
    company: "Společnost",
    consent_before: "Dříve",
    consent_now: "Souhlas teď",
    consent_text: "text {version}",
    could_not_say: "{target}: nepodařilo se zeptat.",
    day_in_future: "Den je v budoucnosti. Zadejte den, kdy žádost přišla.",
    day_wrong: "Zadejte den z kalendáře, například 2026-11-27.",
    decided_because: "Podle čeho jste rozhodli",
    demanded_by: "Podle čeho",
    do_answered: "Zapsat odpověď",
    do_approve: "Schválit",
    do_ask: "Zapsat dotaz",
    do_begin: "Začít hned",
    do_cancel: "Zrušit výmaz",
    do_enter: "Zapsat žádost",
    do_find: "Najít",
    do_hold: "Pozastavit",
    do_link: "Poslat odkaz",
    do_plan_again: "Sestavit plán znovu",
    do_plan: "Dohledat a sestavit plán",
    do_reject_erasure: "Zamítnout, nic nemazat",
    do_reject: "Zamítnout žádost",
    do_retry: "Zkusit znovu",
    do_run: "Vymazat podle plánu",
    do_stop: "Zastavit výmaz",
    do_task: "Zapsat",
    do_verify: "Totožnost je ověřena",
    do_withdraw: "Osoba žádost stáhla",
    does_not_run: "Lhůta neběží",
    due_on: "termín: {day}",
    due_then: "Termín: {day}.",
    duplicate_lead: "Pokračujte v ní. Pokud má být tato žádost vedle ní, zadejte osobu znovu, zaškrtněte políčko níže a odešlete.",
    email: "E-mailová adresa",
    end_it: "Ukončit",
    ended_not_found: "Ukončené výmazy se najít nedají: jejich otisky se neuchovávají.",
    ended_ones: "Ukončené",
    ends_at: "Skončí nejpozději",
    enter_anyway: "Zapsat, i když už jiná existuje",
    enter_lead: "Tímto se nic nehledá ani nemaže. Údaje o osobě se zapečetí a žádná stránka je neukáže.",
    entered_by: "Zápis",
    erased_not_found: "Vymazané konverzace se najít nedají: jejich otisky se neuchovávají.",
    erasure_lead: "Podle čeho: {rules}. Od {since}.",
    erasure_needs_approval: "Čeká na schválení člověkem. Podle čeho: {rules}.",
    erasure_of: "Výmaz {id}",
    erasures_lead: "Co probíhá samo nebo na pokyn. Seznamy nikoho nejmenují.",
    erasures: "Výmazy",
    erasure: "Výmaz",
    error_in_title: "Chyba:",
    excluded_by_decision: "Ponechá se podle rozhodnutí",
    expires_at: "Platí do",
    extend_lead: "O prodloužení a jeho důvodu musí osoba vědět do konce prvního měsíce.",
    extend_title: "Prodloužit lhůtu",
    extend_until: "Prodloužit ji jde do {until}.",
    extended: "Prodloužení",
    filter: "Které žádosti",
    find_again: "Hledat někoho jiného",
    find_lead: "Co napíšete, se nikam neukládá: ani sem, ani do adresy, ani do prohlížeče. Do protokolu úkonů se zapíše jen to, že se hledalo.",
    find_person: "Najít osobu",
    for_the_operator: "Pro správce IT",
    found: "Nalezeno",
    from_where: "Odkud se maže",
    further: "Další",
    guest_number: "host {number}",
    hint: "Náznak z mluvii: {hints}",
    hold: "Pozastavení",
    hold_added: "Zavedeno: {who}, {time}.",
    hold_case: "Spisová značka",
    hold_case_hint: "Například 21 C 123/2024; stojí na dokladech a nikoho nejmenuje",
    hold_case_wrong: "Napište nejvýše 40 písmen, číslic, mezer a znaků -./_, s číslicí a bez jména, například 21 C 123/2024.",
    hold_does_not_wait: "Týká se konverzací, které se podle tohoto plánu nemažou.",
    hold_ends: "Skončí samo: {until}.",
    hold_for_person: "Pozastavit výmaz této osoby",
    hold_has_no_end: "Nemá konec, dokud ho někdo nezruší.",
    hold_lift_lead: "Co na něj čekalo, hned pokračuje a smaže se, pokud to nedrží jiné pozastavení.",
    hold_lift_title: "Zrušit pozastavení",
    hold_lifted: "Zrušení: {who}, {time}.",
    hold_not_added: "Zatím se nic nedrží",
    hold_not_both: "Uveďte konverzaci, nebo osobu, ne obojí.",
    hold_nothing_waits: "Nic na něj nečeká.",
    hold_of: "Pozastavení {id}",
    hold_on: "Co drží",
    hold_on_guest: "Všechny konverzace jednoho hosta",
    hold_on_person: "Osoba",
    hold_on_rule: "Vše, co žádá pravidlo: {rule}",
    hold_on_session: "Konverzace {session}",
    hold_over: "Skončilo {time}.",
    hold_reason_needed: "Vyberte, proč se to drží.",
    hold_session: "Číslo konverzace v mluvii",
    hold_session_hint: "Prázdné, pokud jde o osobu",
    hold_session_wrong: "Napište číslo konverzace tak, jak ho ukazuje mluvii.",
    hold_under_way: "Něco z toho se právě maže a pozastavení to nezadrží: {erasures}",
    hold_until: "Držet do",
    hold_until_hint: "Včetně toho dne; prázdné, dokud ho někdo nezruší",
    hold_until_wrong: "Zadejte den, který teprve přijde, například 2026-11-27.",
    hold_waiting: "Co na něj čeká",
    hold_waits: "Výmaz počká, než pozastavení skončí.",
    holds: "Pozastavení",
    holds_in_force: "Platná",
    holds_lead: "Co zatím zůstává, ať o výmaz žádá kdokoli. Seznam nikoho nejmenuje.",
    how_far: "Postup žádosti",
    how_it_came: "Jak přišla",
    how_it_is_known: "Jak je ověřena totožnost",
    how_sure: "Jistota",
    in_archive: "Je v archivu {file}.",
    included_by_decision: "Vymaže se podle rozhodnutí",
    is_duplicate: "Tato osoba už má otevřenou žádost: {number}",
    is_it_genuine: "Je doklad pravý?",
    it_goes: "Vymazat",
    it_stays: "Ponechat",
    keep_decisions: "Uložit rozhodnutí a sestavit plán znovu",
    kind_email: "e-mailová adresa",
    kind_guest: "označení hosta",
    kind_name: "jméno",
    kind_phone: "telefon",
    kind_session: "číslo konverzace",
    kind_wrong: "Napište, o jaký údaj jde, například název parametru hovoru z konfigurace.",
    known_on: "Ověřeno dne",
    last_day_today: "Poslední den je dnes",
    late_ones: "Po termínu",
    late_or_soon: "Po termínu nebo do týdne",
    link_expires: "Platí do {until}.",
    link_lead: "Odkaz může ukázat, že žádost podal ten, kdo čte jedinou uvedenou e-mailovou adresu. Maže se potom jen to, co k ní určitě patří.",
    link_mailed: "Odesláno {time}.",
    link_over: "Platilo do {until}.",
    link_title: "Poslaný odkaz",
    link_why: "Proč ho pošta nepřijala: {why}",
    list_of_requests: "Seznam žádostí",
    look_again: "Podívat se znovu",
    look_at_it: "Podívat se",
    look_at_lists: "Co mají udělat jiní a co běží samo, je v seznamech.",
    look_once_more: "Podívat se ještě jednou",
    looked_again_later: "Znovu zkontrolováno po dokladu",
    looked_again: "Znovu zkontrolováno",
    looked_at: "Prověřeno",
    looks_are_audited: "Nahlédnutí se zapíše do protokolu úkonů.",
    looks_caption: "Co se prověřilo a co se ještě prověří",
    main_menu: "Hlavní",
    menu: "Nabídka",
    months: "O kolik",
    named_by: "Podle čeho se hledá",
    names_nobody: "Nikoho nejmenuje.",
    name: "Jméno",
    needs_attention: "Vyžaduje pozornost",
    needs_somebody: "Potřebuje člověka",
    never: "Nikdy",
    new_hold: "Nové pozastavení",
    new_hold_lead: "Uveďte konverzaci, nebo osobu. Výmazy počkají, než pozastavení skončí; co už je smazané, se nevrátí.",
    new_password_again: "Nové heslo ještě jednou",
    new_password: "Nové heslo",
    new_request_lead: "Zapište, co přišlo. Lhůta se počítá ode dne, kdy žádost přišla.",
    new_request: "Nová žádost",
    newest_first: "Nejnovější první",
    next: "Dále",
    no_names_here: "Osobu tu hledat nejde: žádosti žádná jména nemají.",
    no_turn_to_plan: "Právě se sestavují jiné plány",
    nobody_named: "Zadejte aspoň jeden údaj, podle kterého se osoba pozná.",
    none_certain: "Žádná konverzace není s jistotou této osoby.",
    none_here: "Nic tu není.",
    not_begun: "Nezačal",
    not_comparable: "Podle tohoto údaje nejde nikoho najít. Zkontrolujte, jestli je zapsaný správně.",
    not_entered: "Žádost ještě není zapsaná",
    not_known_yet: "Zatím neověřena",
    not_known: "Není známo",
    not_looked_at: "Neprověřeno",
    not_searched: "Zatím se nikdo nehledal",
    not_searched_mluvii: "mluvii a ostatní systémy se tímto neprohledávají. To udělá plán žádosti.",
    not_signed_in: "Nejste přihlášeni",
    not_theirs_keep: "Nepatří jí, ponechat",
    nothing_has_come_lead: "quietus běží a čeká na mluvii.",
    nothing_has_come: "Zatím nic nepřišlo",
    nothing_needs_you: "Nic na vás nečeká",
    nothing_read_needs_you: "Nic z toho, co se prošlo, na vás nečeká",
    nothing_was_erased: "Jak každý systém právě odpověděl; nic se tím nesmazalo",
    nothing_was_planned: "Nic se neprovedlo. Zadejte tento plán za chvíli znovu.",
    number_wrong: "Napište nejvýše 40 písmen, číslic a znaků -._/ a mezi nimi číslici, například 2026/117.",
    old_password: "Dosavadní heslo",
    only_after_a_look: "Že údaje zmizely nebo nebyly, se píše jen po kontrole",
    open_ones: "Otevřené",
    other_kind_hint: "Název parametru hovoru z konfigurace",
    other_kind: "Jiný druh údaje",
    other_value: "Jeho hodnota",
    otherwise: "Prodloužit lhůtu, zamítnout, stáhnout nebo ukončit",
    own_number: "Číslo jako R-7 přiděluje quietus. Nechte pole prázdné, nebo napište své.",
    parked_steps: "Potřebuje člověka",
    password_lead: "Ostatní přihlášení skončí, tokeny zůstanou. Heslo má aspoň 12 znaků; dobře se pamatuje několik slov, která k sobě nepatří.",
    password_not_changed: "Heslo se nezměnilo",
    passwords_differ: "Nová hesla se liší. Napište dvakrát totéž.",
    password: "Heslo",
    people: "Osoby",
    person_consent: "Souhlasy",
    person_erasures: "Výmazy a doklady",
    person_expired: "Co jste napsali, platí 15 minut a jen pro toto přihlášení. Napište to znovu.",
    person_holds: "Pozastavení této osoby",
    person_lasts: "Co jste napsali, se s dalším kliknutím vrátí zapečetěné, po dobu 15 minut.",
    person_none: "O této osobě tu není nic známo.",
    person_of_search: "Osoba, kterou jste hledali",
    person_requests: "Žádosti",
    phone_needs_country: "Napište telefon i s předvolbou země, například +420…",
    phone: "Telefon",
    plan_hash: "Otisk plánu: {hash}.",
    plan_lead: "quietus osobu dohledá v každém systému a ukáže, co by se vymazalo a proč. Nic se tím nesmaže. Nahlédnutí se zapíše do protokolu úkonů.",
    plan_not_changed: "Rozhodnutí zatím nejsou uložená",
    plan_of: "Plán žádosti {number}",
    plan_says: "Jak to quietus našel v {time}.",
    planned_by: "Sestavení plánu: {who}, {time}.",
    possibly_theirs_lead: "Něco souhlasí a něco ne. Bez vašeho rozhodnutí se nesmaže žádná z nich.",
    possibly_theirs: "Možná této osoby",
    purge_too_late: "{target}: vymazané údaje si ponechá do {until}, déle, než je termín žádosti.",
    read_lead: "Žádost jste nezapsali a plán jste nesestavili, proto ho smíte schválit. Nejdřív si přečtěte, co by se vymazalo.",
    read_the_plan: "Přečíst plán",
    read_to_run: "Teď si přečtěte, co se vymaže. Vymazání se zadává pod tím seznamem a zná jen uložená rozhodnutí.",
    receipt_at_best: "Doklad v nejlepším případě řekne: {verdict}",
    receipt_of: "Doklad {number}",
    receipts_lead: "Každý říká, co se udělalo, co zůstává a kam se nikdo nepodíval.",
    receipts: "Doklady",
    receipt: "Doklad",
    received_on: "Přišla dne",
    records: "Záznamy",
    refused_after: "O zamítnutí se osoba měla dozvědět do {day}, a zamítnuto bylo až potom (čl. 12 odst. 4).",
    refused_approved: "Plán už je schválený.",
    refused_asked: "Doplnění bylo vyžádáno dne {day} a odpověď zapsaná není.",
    refused_ended: "Žádost už skončila. Její stav: {state}.",
    refused_erasing: "Výmaz této žádosti neskončil: {erasure}.",
    refused_extended: "Déle než o dva měsíce ji prodloužit nejde (čl. 12 odst. 3).",
    refused_late: "Poslední den byl {day}: lhůta, která uplynula, se nezastaví.",
    refused_meanwhile: "Od chvíle, kdy jste žádost četli, někdo změnil ji, plán nebo rozhodnutí. Podívejte se znovu a rozhodněte znovu.",
    refused_no_plan: "Nikdo k ní nesestavil plán.",
    refused_not_approved: "Plán čeká, až ho schválí někdo jiný.",
    refused_not_asked: "O nic se nežádalo, na co by šlo odpovědět.",
    refused_not_then: "Ten den neleží mezi {from} a {to}.",
    refused_not_verified: "Totožnost zatím není ověřena.",
    refused_nothing_planned: "Plán nic nemaže. Pokud se o osobě nic nevede, žádost ukončete.",
    refused_other_plan: "Plán je teď jiný než ten, který jste četli. Přečtěte si ho znovu.",
    refused_same_person: "Kdo žádost zapsal nebo plán sestavil či změnil, ten ho neschvaluje; musí to udělat někdo jiný. Jde o: {who}.",
    refused_something_held: "Plán ukazuje, že se něco vede. Nechte to vymazat, rozhodněte o konverzacích, nebo uveďte jiný důvod ukončení.",
    refused_too_late: "První měsíc skončil {day} a o prodloužení se osoba musí dozvědět do té doby (čl. 12 odst. 3).",
    refused_verified: "Totožnost už je ověřena.",
    reject_erasure_lead: "Zamítnutím výmaz končí: nic se nesmaže a údaje o osobě se zapomenou.",
    reject_lead: "Nic dalšího se nesmaže. Do měsíce od žádosti se osoba musí dozvědět proč a kde si může stěžovat.",
    reopened_lead: "Našlo se to po tomto výmazu: {erasure}, dne {day}, a od toho dne běží měsíc.",
    reopened_officer: "Vy to oznamte osobě a obraťte se na správce. Plán tu sestavit nejde, protože už nikdo neví, koho se žádost týká.",
    reopened_operator: "Správce zjistí, jestli někdo neobnovil zálohu, a v příkazové řádce spustí nový výmaz (quietus erase-again). Tuto žádost ukončí jeho doklad.",
    reopened_title: "Vymazané je zase na místě",
    report_until: "Má se ozvat do",
    request_for_person: "Zapsat žádost této osoby",
    request_of: "Žádost {number}",
    requests_lead: "Zákon dává měsíc ode dne, kdy žádost přišla. Lhůtu lze jednou prodloužit, nejvýše o dva měsíce a s důvodem.",
    requests: "Žádosti",
    request: "Žádost",
    result: "Výsledek",
    retry_lead: "Co potřebuje člověka, se zkusí znovu. Nejdřív odstraňte příčinu uvedenou výše.",
    roles: "Role",
    seen_last: "Naposledy použito",
    session_erased: "Vymazáno {time}.",
    session_of: "Konverzace {session}",
    sessions_caption: "Každý prohlížeč, ve kterém jste přihlášeni",
    sessions_lead: "Co neznáte, ukončete, a změňte si heslo.",
    session: "Konverzace",
    sign_in_to: "Přihlášení do quietus",
    sign_in: "Přihlásit se",
    sign_out_everywhere: "Odhlásit se všude",
    sign_out: "Odhlásit se",
    signed_in_at: "Přihlášení",
    signed_out_by_itself: "Po 30 minutách bez kliknutí a po 12 hodinách budete odhlášeni. Vaše úkony se zaznamenávají s vaším jménem.",
    since_head: "Od kdy",
    since_then: "Od {since}.",
    skip: "Přejít k obsahu",
    somebody_else_title: "Plán musí schválit někdo jiný",
    somebody_else: "Kdo žádost zapsal nebo plán sestavil, ten ho neschvaluje, aby nic nesmazal jediný člověk sám.",
    soon_ones: "Termín do 7 dní",
    state: "Stav",
    step_answered: "Potvrzení",
    step_approved: "Schválení",
    step_planned: "Plán",
    step_received: "Přijato",
    step_verified: "Totožnost",
    stop_lead: "Zastavením se dokončí volání, která právě běží, a potom se už nic nesmaže. Co je smazané, zůstane smazané. Doklad řekne, co se do té doby stihlo.",
    stop_refreshing: "Neobnovovat",
    systems_over_label: "Hotové systémy",
    systems_over: "Hotové systémy: {over} z {all}.",
    systems: "Systémy",
    system: "Systém",
    target: "Cíl",
    target_out: "Nefunguje a zkusí se znovu samo.",
    target_paused: "Pozastavení volání: {who}.",
    target_works: "Volá se.",
    targets: "Cíle",
    targets_lead: "Co quietus volá kvůli výmazu a co na co čeká.",
    task: "Úkol",
    task_choose: "Vyberte, jak to dopadlo.",
    task_done_lead: "Na dokladu to bude jako vaše slovo, s vaším jménem. Že údaje zmizely, se tím neoznačí za ověřené.",
    task_done_title: "Jak to dopadlo?",
    task_law: "Podle jakého zákona nebo povinnosti zůstává",
    task_law_hint: "Jen pokud zůstává, například 563/1991 Sb., § 31; stojí na dokladu, proto nic o osobě",
    task_law_wrong: "Uveďte zákon nebo povinnost, jedním řádkem a nejvýše 200 znaky.",
    task_not_done: "Zatím není nic zapsané",
    task_of: "Úkol {id}",
    task_wait: "Počkejte: drží to pozastavení. Do jeho konce nic nemažte.",
    task_what: "Co udělat",
    tasks: "Úkoly",
    tasks_lead: "Co mažou lidé tam, kde to nic jiného nesvede. Koho se úkol týká, ukáže jen příkazová řádka na terminálu (quietus tasks show s přepínačem --reveal) a každé nahlédnutí je v protokolu úkonů.",
    the_case: "Případ",
    theirs_erase: "Patří jí, vymazat",
    these_go: "Vymažou se tyto a žádné jiné",
    this_session: "tento prohlížeč",
    time_left: "Zbývá",
    times_are_of: "Časy jsou v pásmu {zone}.",
    to_come: "teprve bude",
    to_first_page: "Na úvodní stránku",
    to_that_request: "Přejít na tu žádost",
    today_if_empty: "prázdné znamená dnes",
    token: "Token",
    token_for: "K čemu je",
    token_used: "Naposledy použit",
    tokens: "Tokeny",
    too_many_at_once: "Právě se přihlašuje příliš mnoho lidí. Zkuste to za chvíli.",
    typed_is_gone: "Co jste o osobě napsali, se nikam neukládá, proto to tu už není. Napište to znovu.",
    under_way: "Probíhá",
    unreached_certain: "Podle zadaných údajů není žádná konverzace s jistotou této osoby. Je potřeba {kinds}.",
    unreached_excluded: "Konverzace, které jí určitě patří a podle rozhodnutí zůstanou: {n}. Doklad kvůli tomu bude neúplný.",
    unreached_further: "Pod čím dalším je osoba vedená, se nezjistilo v systémech: {targets}.",
    unreached_gone: "Konverzace {session} už byla vymazána; není známo, že by od té doby něco přibylo.",
    unreached_never_read: "Konverzace {session} se vymaže, ale v mluvii ji nikdo nikdy nepřečetl: doklad nemůže říct, že zmizela.",
    unreached_possible: "Možné konverzace, které zůstanou, protože o nich nikdo nerozhodl: {n}. Doklad kvůli tomu bude neúplný.",
    unreached_targets: "O výmaz nikdo nežádal v systémech: {targets}.",
    unreached_unheard_accepted: "Konverzace, o kterých se quietus nedozvěděl: mluvii samo se neprohledává, jak připouští konfigurace.",
    unreached_unheard: "Konverzace, o kterých se quietus nedozvěděl: mluvii samo se neprohledává a doklad kvůli tomu bude neúplný.",
    unreached_unread: "Konverzace, které mluvii neukáže, takže se neví, čí jsou: {n}. Doklad kvůli tomu bude neúplný.",
    until_head: "Do kdy",
    until_then: "Do {until}.",
    until_too_late: "Do {until}, tedy až po termínu žádosti.",
    user_name: "Uživatelské jméno",
    verify_lead: "Než se cokoli dohledá nebo smaže, musí být jisté, že žádost podala sama osoba.",
    verify_more_lead: "Odkazem je prokázaná jen e-mailová adresa. Pokud doklad prokáže víc, zapište to: plán se pak sestaví znovu.",
    verify_title: "Čí je žádost?",
    waiting_steps: "Čeká",
    waits_for_others: "Čeká, co najdou ostatní",
    waits_for_you: "Čeká na vás",
    what_happened: "Co se stalo",
    what_happens_where: "Co se kde stane",
    what_happens: "Co se stane",
    what_is_known: "Co se o ní ví",
    what_it_waits_for: "Na co se čeká",
    what_people_decided: "Co rozhodli lidé",
    what_to_do_first: "Čím začít",
    what_waits: "Co čeká",
    what_was_done: "Co se udělalo a co bylo potom vidět",
    what_would_happen: "Co by se stalo",
    what_you_can_do: "Co můžete udělat",
    when_and_how: "Kdy a jak",
    when: "Kdy",
    where_nobody_looked: "Kam se nikdo nepodíval",
    where_nobody_looks: "Kam se quietus nedívá",
    whom_lead: "Zadejte údaje, podle kterých se osoba pozná. Pokud jich je víc, musí souhlasit všechny.",
    whom: "Koho se týká",
    why_address: "{rest}, ale prokázaná je jen adresa a ta tam není",
    why_agree: "souhlasí {kinds}",
    why_demand: "Přišel z ní požadavek",
    why_department: "Z oddělení, pro které není žádný zdroj",
    why_differ: "neshodují se {kinds}",
    why_guest_address: "Týž host, ale prokázaná je jen adresa a ta tam není",
    why_guest_first: "Týž host, přečteno poprvé",
    why_guest_fits: "Týž host a nic si neodporuje: {rest}",
    why_guest_lost: "Týž host, ale už není známo nic, s čím ho porovnat",
    why_guest_other: "Týž host, ale údaje někoho jiného: {rest}",
    why_guest_shared: "Týž host, ale používá ho víc lidí a málo napovídá, kdo to byl",
    why_listed: "Ze seznamu mluvii: {rest}",
    why_nothing: "není co porovnat",
    why_number: "Podle jejího čísla",
    why_read: "Přečteno v mluvii: {rest}",
    why_theirs: "Proč je její",
    with_browser: "Prohlížeč",
    withdraw_lead: "Osoba už nic nechce. Nic dalšího se nesmaže a žádost skončí.",
    withdraw_title: "Stažení",
    work: "Práce",
    wrong_password: "Uživatelské jméno a heslo k sobě nepatří.",
    you_are_here: "Kde jste",
    your_sessions: "Vaše přihlášení",
    attempts: Forms { one: "{n} pokus", few: "{n} pokusy", other: "{n} pokusů" },
    days_late: Forms { one: "{n} den po termínu", few: "{n} dny po termínu", other: "{n} dní po termínu" },
    days_left: Forms { one: "zbývá {n} den", few: "zbývají {n} dny", other: "zbývá {n} dní" },
    months_more: Forms { one: "o {n} měsíc", few: "o {n} měsíce", other: "o {n} měsíců" },
    newest_only: Forms {
        one: "Zde se prochází jen {n} nejnovější otevřená žádost.",
        few: "Zde se procházejí jen {n} nejnovější otevřené žádosti.",
        other: "Zde se prochází jen {n} nejnovějších otevřených žádostí.",
    },
    of_them_late: Forms {
        one: "{n} z nich je po termínu.",
        few: "{n} z nich jsou po termínu.",
        other: "{n} z nich je po termínu.",
    },
    open_requests: Forms {
        one: "{n} otevřená žádost", few: "{n} otevřené žádosti", other: "{n} otevřených žádostí"
    },
    refresh_every: Forms {
        one: "Obnovovat po {n} sekundě",
        few: "Obnovovat po {n} sekundách",
        other: "Obnovovat po {n} sekundách",
    },
    run_lead: Forms {
        one: "Vymaže se {n} konverzace a to, co o osobě mají ostatní systémy.",
        few: "Vymažou se {n} konverzace a to, co o osobě mají ostatní systémy.",
        other: "Vymaže se {n} konverzací a to, co o osobě mají ostatní systémy.",
    },
    sessions: Forms { one: "{n} konverzace", few: "{n} konverzace", other: "{n} konverzací" },
    sessions_go: Forms {
        one: "Vymaže se {n} konverzace",
        few: "Vymažou se {n} konverzace",
        other: "Vymaže se {n} konverzací",
    },
    signed_in_at_places: Forms {
        one: "Jste přihlášeni na {n} místě",
        few: "Jste přihlášeni na {n} místech",
        other: "Jste přihlášeni na {n} místech",
    },
    things_need_you: Forms {
        one: "{n} věc vyžaduje vaši pozornost",
        few: "{n} věci vyžadují vaši pozornost",
        other: "{n} věcí vyžaduje vaši pozornost",
    },
    late_in_all: Forms {
        one: "{n} otevřená žádost je po termínu.",
        few: "{n} otevřené žádosti jsou po termínu.",
        other: "{n} otevřených žádostí je po termínu.",
    },
    open_requests_at_least: Forms {
        one: "Nejméně {n} otevřená žádost",
        few: "Nejméně {n} otevřené žádosti",
        other: "Nejméně {n} otevřených žádostí",
    },
    things_need_you_at_least: Forms {
        one: "Nejméně {n} věc vyžaduje vaši pozornost",
        few: "Nejméně {n} věci vyžadují vaši pozornost",
        other: "Nejméně {n} věcí vyžaduje vaši pozornost",
    },
    wait_for_others: Forms {
        one: "{n} otevřená žádost čeká na někoho jiného nebo na konec pozastavení.",
        few: "{n} otevřené žádosti čekají na někoho jiného nebo na konec pozastavení.",
        other: "{n} otevřených žádostí čeká na někoho jiného nebo na konec pozastavení.",
    },
    wait_minutes: Forms {
        one: "Pokusů bylo příliš mnoho. Počkejte {n} minutu a zkuste to znovu.",
        few: "Pokusů bylo příliš mnoho. Počkejte {n} minuty a zkuste to znovu.",
        other: "Pokusů bylo příliš mnoho. Počkejte {n} minut a zkuste to znovu.",
    },
    refused_differs: Forms {
        one: "{n} z plánovaných konverzací se nenašla tak, jak byla. Nic se nesmazalo. Sestavte plán znovu.",
        few: "{n} z plánovaných konverzací se nenašly tak, jak byly. Nic se nesmazalo. Sestavte plán znovu.",
        other: "{n} z plánovaných konverzací se nenašlo tak, jak bylo. Nic se nesmazalo. Sestavte plán znovu.",
    },
    found_of_person: Forms {
        one: "O osobě je tu {n} záznam",
        few: "O osobě jsou tu {n} záznamy",
        other: "O osobě je tu {n} záznamů",
    },
    left_out: Forms {
        one: "a {n} další, který se neuchovává",
        few: "a {n} další, které se neuchovávají",
        other: "a {n} dalších, které se neuchovávají",
    },
    accounts_in_all: Forms { one: "{n} účet", few: "{n} účty", other: "{n} účtů" },
    act,
    came_by,
    certainty,
    chosen_because,
    closed_because,
    consent_state,
    delay,
    hold_reason,
    link_state,
    recheck_why,
    erasure_state,
    extended_because,
    outcome,
    password_refused,
    recheck,
    rejected_because,
    request_state,
    role,
    severity,
    stage,
    task_said,
    task_state,
    verdict,
    verdict_means,
    verified_by,
    would_be,
    problem,
};

fn act(one: DelayCode) -> &'static str {
    match one {
        DelayCode::Unverified => "Ověřit totožnost",
        DelayCode::Unanswered => "Zapsat odpověď",
        DelayCode::Incomplete | DelayCode::NothingPlanned => "Rozhodnout, jak dál",
        DelayCode::Unplanned => "Sestavit plán",
        DelayCode::Unapproved => "Přečíst plán",
        DelayCode::NotRun => "Spustit výmaz",
        DelayCode::Parked | DelayCode::Paused | DelayCode::Out => "Zjistit proč",
        // By themselves, or with others.
        _ => "Podívat se",
    }
}

fn came_by(one: Came) -> &'static str {
    match one {
        Came::Letter => "Dopis",
        Came::Email => "E-mail",
        Came::Phone => "Telefonát",
        Came::InPerson => "Osobně",
        Came::Form => "Formulář",
    }
}

fn certainty(word: &str) -> &'static str {
    match word {
        "certain" => "jistá",
        "possible" => "možná",
        _ => "není známo",
    }
}

fn chosen_because(one: ChosenBecause) -> &'static str {
    match one {
        ChosenBecause::PersonSays => "Řekla to sama osoba",
        ChosenBecause::Content => "Je to poznat z obsahu",
        ChosenBecause::Shared => "Telefon, prohlížeč nebo adresu používal i někdo jiný",
        ChosenBecause::Namesake => "Je to někdo jiný téhož jména",
        ChosenBecause::Needed => "Je potřeba, například pro otevřenou reklamaci",
    }
}

fn closed_because(one: ClosedBecause) -> &'static str {
    match one {
        ClosedBecause::NothingHeld => "O osobě tu nic není",
        ClosedBecause::Incomplete => "Co šlo vymazat, je vymazané; o zbytku se osoba dozví",
        ClosedBecause::Duplicate => "Zastupuje ji jiná žádost téže osoby",
        ClosedBecause::AnsweredElsewhere => "Byla vyřízena mimo quietus",
        ClosedBecause::Mistake => "Byla zapsána omylem",
    }
}

fn consent_state(one: ConsentState) -> &'static str {
    match one {
        ConsentState::Given => "Udělen",
        ConsentState::Absent => "Žádný",
        ConsentState::Refused => "Odmítnut",
        ConsentState::Withdrawn => "Odvolán",
        ConsentState::Unknown => "Není znám",
    }
}

fn delay(one: DelayCode) -> &'static str {
    match one {
        DelayCode::Unverified => "Není ověřeno, čí žádost je.",
        DelayCode::Unanswered => "Čeká se na odpověď na dotaz.",
        DelayCode::Reopened => "Našlo se znovu něco, co bylo vymazáno. Nový výmaz spustí správce.",
        DelayCode::Incomplete => {
            "Doklad říká, že něco zůstalo: sestavte další plán, nebo žádost ukončete jako neúplnou."
        }
        DelayCode::Unplanned => "Osobu zatím nikdo nedohledal.",
        DelayCode::NothingPlanned => "Plán nic neobsahuje: rozhodněte o možných konverzacích, nebo žádost ukončete.",
        DelayCode::Unapproved => "Plán musí schválit někdo jiný.",
        DelayCode::NotRun => "Plán je hotový, ale výmaz nikdo nespustil.",
        DelayCode::Approval => "Výmaz musí schválit člověk.",
        DelayCode::Parked => "{target}: je potřeba člověk, samo se už nic nestane.",
        DelayCode::Held => "Brání tomu pozastavení.",
        DelayCode::Paused => "{target}: systém je pozastaven člověkem.",
        DelayCode::Out => "{target}: systém nefunguje, zkouší se znovu sám.",
        DelayCode::Task => "{target}: maže člověk.",
        DelayCode::Report => "{target}: systém pokyn přijal a má se ozvat.",
        DelayCode::Link => "Čeká se na použití odkazu z e-mailu.",
        DelayCode::Purge => "{target}: vymazáno, dodavatel data odstraní později. Potom se to znovu zkontroluje.",
        DelayCode::NotDue => "Jeho čas ještě nepřišel.",
        DelayCode::Settling => "Konverzace se ještě uzavírají.",
        DelayCode::Target => "{target}: volání čeká nebo právě probíhá.",
        DelayCode::Receipt => "Všechny systémy odpověděly; zapisuje se doklad.",
    }
}

fn hold_reason(one: HoldReason) -> &'static str {
    match one {
        HoldReason::LegalClaims => "Právní nároky (čl. 17 odst. 3 písm. e)",
        HoldReason::LegalObligation => "Právní povinnost (čl. 17 odst. 3 písm. b)",
        HoldReason::Authority => "Nařízení soudu nebo úřadu",
        HoldReason::Restriction => "Osoba žádá omezení zpracování (čl. 18 odst. 1)",
        HoldReason::Review => "Prověřuje se, co pravidlo dělá",
    }
}

fn link_state(one: LinkState) -> &'static str {
    match one {
        LinkState::Waiting => "Odkaz se teprve pošle.",
        LinkState::Sending => "Odkaz se právě posílá.",
        LinkState::Sent => "Odkaz je odeslaný a zatím ho nikdo nepoužil.",
        LinkState::Used => "Odkaz byl použit.",
        LinkState::Failed => "Odkaz k nikomu nedošel: pošta ho odmítla.",
        LinkState::Over => "Odkaz už neplatí.",
    }
}

/// Nothing for what is not known.
fn recheck_why(word: &str) -> &'static str {
    match word {
        "unseen" => "nikdo se nemohl podívat",
        "under_way" => "právě probíhá výmaz",
        "back" => "od té doby se vrátilo",
        "undated" => "není známo, ze kdy je",
        "possible" => "patří jí možná",
        _ => "",
    }
}

fn erasure_state(one: ErasureState) -> &'static str {
    match one {
        ErasureState::Requested => "Čeká na schválení",
        ErasureState::Scheduled => "Čeká na svůj čas",
        ErasureState::Erasing => "Maže se",
        ErasureState::Verifying => "Znovu se kontroluje",
        ErasureState::Parked => "Potřebuje člověka",
        ErasureState::Done => "Skončil, je doklad",
        ErasureState::Cancelled => "Zrušen",
    }
}

fn extended_because(one: ExtendedBecause) -> &'static str {
    match one {
        ExtendedBecause::Complexity => "Je složitá",
        ExtendedBecause::NumberOfRequests => "Žádostí je mnoho",
    }
}

fn outcome(one: Outcome) -> &'static str {
    match one {
        Outcome::Erased => "Vymazáno",
        Outcome::Absent => "Nebylo tam",
        Outcome::Retained => "Ponecháno",
        Outcome::Residual => "Stále tam je",
        Outcome::Unverifiable => "Neověřeno",
        Outcome::Parked => "Nedokončeno",
    }
}

fn password_refused(one: PasswordRefused) -> &'static str {
    match one {
        PasswordRefused::TooShort => "Heslo má aspoň 12 znaků. Dobře se pamatuje několik slov, která k sobě nepatří.",
        PasswordRefused::TooLong => "Heslo má nejvýše 1024 bajtů.",
        PasswordRefused::IsTheName => "Jméno účtu není heslo. Zvolte jiné.",
    }
}

fn recheck(one: RecheckOutcome) -> &'static str {
    match one {
        RecheckOutcome::Gone => "Není tam",
        RecheckOutcome::Residual => "Zase tam něco je",
        RecheckOutcome::Unclear => "Nejasné: musí se podívat člověk",
        RecheckOutcome::Held => "Je tam a drží to pozastavení",
        RecheckOutcome::NotLooked => "Neprověřeno",
    }
}

fn rejected_because(one: RejectedBecause) -> &'static str {
    match one {
        RejectedBecause::NotIdentified => "Osobu nešlo ztotožnit (čl. 11 a 12)",
        RejectedBecause::NotThePerson => "Žádost podal někdo jiný (čl. 12 odst. 6)",
        RejectedBecause::Unfounded => "Je zjevně nedůvodná (čl. 12 odst. 5)",
        RejectedBecause::Excessive => "Je nepřiměřená (čl. 12 odst. 5)",
        RejectedBecause::NoGround => "Údaje jsou stále potřeba (čl. 17 odst. 1)",
        RejectedBecause::Expression => "Svoboda projevu (čl. 17 odst. 3 písm. a)",
        RejectedBecause::LegalObligation => "Právní povinnost (čl. 17 odst. 3 písm. b)",
        RejectedBecause::PublicHealth => "Veřejné zdraví (čl. 17 odst. 3 písm. c)",
        RejectedBecause::Research => "Archivace, výzkum, statistika (čl. 17 odst. 3 písm. d)",
        RejectedBecause::LegalClaims => "Právní nároky (čl. 17 odst. 3 písm. e)",
    }
}

fn request_state(one: RequestState) -> &'static str {
    match one {
        RequestState::Unverified => "Čeká na ověření",
        RequestState::Asked => "Čeká na odpověď",
        RequestState::Verified => "Bez plánu",
        RequestState::Planned => "Naplánovaná",
        RequestState::Approved => "Schválená",
        RequestState::Erasing => "Maže se",
        RequestState::Reopened => "Znovu nalezeno",
        RequestState::Done => "Skončila dokladem",
        RequestState::Rejected => "Zamítnutá",
        RequestState::Withdrawn => "Stažená",
        RequestState::Closed => "Ukončená",
    }
}

fn role(one: Role) -> &'static str {
    match one {
        Role::Officer => "pověřenec",
        Role::Approver => "schvalovatel",
        Role::Operator => "správce",
    }
}

fn severity(one: Severity) -> &'static str {
    match one {
        Severity::Notice => "Pro informaci",
        Severity::Attention => "Potřebuje člověka",
        Severity::Urgent => "Naléhavé",
    }
}

fn stage(one: Stage) -> &'static str {
    match one {
        Stage::Find | Stage::FindLater => "Hledá, co dalšího ví",
        Stage::Erase => "Maže",
        Stage::Verify => "Znovu se kontroluje",
    }
}

fn task_said(one: Said) -> &'static str {
    match one {
        Said::Erased => "Bylo tam a je smazané",
        Said::Absent => "Nic tam nebylo",
        Said::Retained => "Zůstává podle zákona nebo povinnosti",
        Said::Residual => "Pořád tam je",
    }
}

fn task_state(one: TaskState) -> &'static str {
    match one {
        TaskState::Open => "Otevřený",
        TaskState::Late => "Nikdo ho nepotvrdil včas",
        TaskState::Residual => "Podle někoho to tam pořád je",
    }
}

fn verdict(one: Verdict) -> &'static str {
    match one {
        Verdict::Complete => "Úplný",
        Verdict::Retained => "Něco ponecháno",
        Verdict::Incomplete => "Neúplný",
    }
}

fn verdict_means(one: Verdict) -> &'static str {
    match one {
        Verdict::Complete => "Všechno, co se našlo, je vymazané a někdo to zkontroloval.",
        Verdict::Retained => {
            "Všechno, co se našlo, je vymazané kromě toho, co ponechává zákon, pozastavení nebo dodavatel."
        }
        Verdict::Incomplete => "Něco zůstává, nebo nikdo neviděl, že to zmizelo.",
    }
}

fn verified_by(one: VerifiedBy) -> &'static str {
    match one {
        VerifiedBy::Document => "Dokladem totožnosti",
        VerifiedBy::KnownContact => "Známým kontaktem",
        VerifiedBy::EmailLink => "Odkazem v e-mailu",
    }
}

fn would_be(one: Outcome) -> &'static str {
    match one {
        Outcome::Erased => "Vymaže se",
        Outcome::Absent => "Nic tam není",
        Outcome::Retained => "Zůstane ze zákona",
        Outcome::Residual => "Zůstalo by tam",
        Outcome::Unverifiable => "Nejde prověřit",
        Outcome::Parked => "Potřebuje člověka",
    }
}

fn problem(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::Unauthenticated => ("Nejste přihlášeni", "Nic se neprovedlo. Přihlaste se a udělejte to znovu."),
        Code::Forbidden => ("K tomu nemáte oprávnění", "Nic se neprovedlo. Správce vám řekne, kdo to smí."),
        Code::NotHttps => ("Spojení není bezpečné", "Otevřete adresu přes https, nebo to řekněte správci."),
        Code::NotFound => {
            ("Není to tu", "Podívejte se do seznamu: může to mít jiné číslo, nebo patřit jiné společnosti.")
        }
        Code::NoSuchPath => ("Taková stránka není", "Pokračujte z úvodní stránky."),
        Code::NoSuchMethod => ("Tohle stránka neumí", "Pokračujte z úvodní stránky."),
        Code::NotUnderstood => ("Tomu quietus nerozumí", "Nic se neprovedlo. Vraťte se a udělejte to znovu."),
        Code::TooLarge => ("To je najednou příliš", "Nic se neprovedlo. Pošlete méně."),
        Code::TooSlow => ("Nepřišlo to včas", "Nic se neprovedlo. Pošlete to znovu."),
        Code::Input => (
            "Nejdřív je potřeba něco změnit",
            "Nic se neprovedlo. Vraťte se, změňte, co je uvedeno níže, a pošlete to znovu.",
        ),
        Code::Conflict => ("Za tohoto stavu to nejde", "Nic se neprovedlo. Podívejte se, jak to vypadá teď."),
        Code::Duplicate => ("Tato osoba už má otevřenou žádost", "Pokračujte v ní."),
        Code::Unavailable => {
            ("Teď to nejde", "Za chvíli se podívejte, jestli se to provedlo, a teprve potom to zadejte znovu.")
        }
        Code::Configuration => ("Konfigurace je chybná", "Řekněte to správci: v logu serveru je, co je špatně."),
        Code::NotShown => ("Je to hotové, ale nejde to ukázat", "Podívejte se za chvíli a nezadávejte to znovu."),
        Code::Failed => ("Nepovedlo se to", "Řekněte to správci: víc je v logu serveru."),
    }
}
