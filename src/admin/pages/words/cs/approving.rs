//! Czech: what is approved, and why somebody does not.

use crate::admin::pages::words::approving::Approving;

pub(in crate::admin::pages::words) const WORDS: Approving = Approving {
    asker_forgotten: "Kdo o výmaz požádal, už v auditu není. Proto není jisté, že schvaluje někdo jiný.",
    changed: "Co se po výmazu žádá, už není to, co jste četli, a tak se nic neschválilo. Přečtěte si, co tu stojí teď.",
    changed_title: "Mezitím se něco změnilo",
    demanded_by_rule: "Pravidlo nebo pokyn",
    demanded_from: "Nejdřív",
    demanded_identifiers: "Podle čeho",
    demanded_lead: "Každé pravidlo nebo pokyn, co žádá samo o sobě a podle čeho kromě konverzace člověka zná.",
    demanded_title: "Co se schvaluje",
    erasure_by_nobody: "Tento výmaz nemůže nikdo schválit",
    erasure_by_somebody_else: "Výmaz musí schválit někdo jiný",
    erasure_way_out: "Cesta dál: schvalovatel výmaz zamítne a někdo o něj požádá znovu pod vlastním účtem. Pak ho může schválit kolega.",
    forgotten: "Kdo dal účtu {to} token nebo heslo, už v auditu není. Proto není jisté, že schvaluje někdo jiný.",
    given: "Token nebo heslo dal účtu {to} účet {giver}, a může je tedy mít také.",
    given_both: "Token nebo heslo dal účtům {by} a {asked} účet {giver}, nebo je dal tomu, od koho je mají. Může tedy mít oboje.",
    given_both_way: "Jednomu z nich dá nové jiný správce. Bude-li to {asked}, zadá se to s novým znovu.",
    lapsed: "Koho se výmaz týká, bylo zjištěno před více než dnem a mezitím se ten člověk mohl vrátit. Zamítněte ho; správce dá systém prohledat znovu.",
    no_account: "Zadání je z účtu počítače {asked} a žádný zdejší účet neříká, kdo to je. Proto není jisté, že schvaluje někdo jiný.",
    no_account_way: "Správce může dát tomu, komu ten účet patří, zdejší účet jménem {account}; pak bude jasné, kdo to je.",
    not_waiting: "Výmaz na schválení nečeká. Možná už o něm někdo rozhodl.",
    nothing_shows: "Zadání je z účtu {asked}; kdo to je, nejde poznat. Proto není jisté, že schvaluje někdo jiný, a schválit to nemůže nikdo.",
    own: "Zadání je vaše ({asked}) a vlastní zadání nikdo neschvaluje.",
    password_way: "Nové ať vám dá správce, který to nezadal a ani to neschvaluje.",
    password_way_asker: "Nové ať účtu {to} dá správce, který to nezadal a ani to neschvaluje, a s ním se to zadá znovu.",
    unknown_approver: "Kdo je {by}, nejde poznat, a může to tedy být ten, od koho je zadání.",
    version: "Verze {version}",
    withdrawn: "Odvolání souhlasu, ze kterého výmaz plyne, zapsal účet {by}.",
};
