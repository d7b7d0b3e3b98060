//! Czech.

use crate::admin::pages::words::told::{Told, plain, three};
use crate::attention::Code;

pub(in crate::admin::pages::words) fn told(code: Code) -> Told {
    match code {
        Code::TargetOut => plain(
            "Systém {target} nefunguje. Další pokus: {until}.",
            "Odpověděl: {reason}. Opravte to u něj; co na něj čeká, se pak udělá samo.",
        ),
        Code::PluginBroken => plain(
            "Plugin {target} nemůže pracovat.",
            "Hlásí: {reason}. Opravte to. Zkouší se každou minutu, nebo hned, když ho načtete znovu.",
        ),
        Code::PluginDoubtful => plain("Plugin {target} funguje, ale s výhradou.", "Výhrada: {reason}."),
        Code::ServerAway => plain(
            "Na této databázi neběží žádný server, takže se nic nepřijímá ani nemaže.",
            "Spusťte ho: quietus serve.",
        ),
        Code::TargetLimited => {
            plain("Systém {target} stále odpovídá, že chce méně volání.", "Nastavte mu v konfiguraci nižší rychlost.")
        }
        Code::StepsParked => three(
            "U systému {target} se zastavil {n} krok a čeká na člověka.",
            "U systému {target} se zastavily {n} kroky a čekají na člověka.",
            "U systému {target} se zastavilo {n} kroků a čeká na člověka.",
            "Proč, uvidíte u výmazů. Opravte příčinu a zkuste je znovu, nebo zrušte, co udělat nejde.",
        ),
        Code::TasksOpen => three(
            "U systému {target} je dlouho otevřený {n} úkol.",
            "U systému {target} jsou dlouho otevřené {n} úkoly.",
            "U systému {target} je dlouho otevřených {n} úkolů.",
            "Připomeňte je tomu, kdo je tam plní. Co je hotové, potvrdí pověřenec na stránce úkolů.",
        ),
        Code::TasksLate => three(
            "U systému {target} nikdo včas nepotvrdil {n} úkol.",
            "U systému {target} nikdo včas nepotvrdil {n} úkoly.",
            "U systému {target} nikdo včas nepotvrdil {n} úkolů.",
            "Zjistěte, jestli je to hotové. Pověřenec to potvrdí na stránce úkolů; když výmaz zkusíte znovu, úkol se zadá znovu.",
        ),
        Code::ApprovalWaiting => three(
            "Na schválení člověkem čeká {n} výmaz.",
            "Na schválení člověkem čekají {n} výmazy.",
            "Na schválení člověkem čeká {n} výmazů.",
            "Každý z nich schválí nebo zamítne schvalovatel.",
        ),
        Code::ConfirmationMissing => three(
            "U {n} výmazu nikdo včas nepoužil odkaz k potvrzení, nebo byl e-mail s ním odmítnut.",
            "U {n} výmazů nikdo včas nepoužil odkaz k potvrzení, nebo byl e-mail s ním odmítnut.",
            "U {n} výmazů nikdo včas nepoužil odkaz k potvrzení, nebo byl e-mail s ním odmítnut.",
            "Dělat se nemusí nic. Schvalovatel je může schválit nebo zamítnout.",
        ),
        Code::ConfirmationUnsent => plain(
            "Nejde odeslat žádný e-mail s odkazem k potvrzení.",
            "Důvod: {reason}. Zkouší se to samo znovu. Zkontrolujte poštovní server v konfiguraci (confirmation.mail_server).",
        ),
        Code::ReceiptsIncomplete => three(
            "{n} doklad je neúplný a nikdo to nevzal na vědomí.",
            "{n} doklady jsou neúplné a nikdo to nevzal na vědomí.",
            "{n} dokladů je neúplných a nikdo to nevzal na vědomí.",
            "Pověřenec se podívá, co zůstalo, a na téže stránce to vezme na vědomí.",
        ),
        Code::ConsentsUnknown => three(
            "U {n} konverzace z {sessions} zůstal souhlas neznámý.",
            "U {n} konverzací z {sessions} zůstal souhlas neznámý.",
            "U {n} konverzací z {sessions} zůstal souhlas neznámý.",
            "Proč, ukáže v příkazové řádce quietus mluvii probe. Podle toho opravte v konfiguraci mluvii.nulls.",
        ),
        Code::WorkParked => three(
            "{n} událost, konverzaci nebo výmaz nešlo zpracovat.",
            "{n} události, konverzace nebo výmazy nešlo zpracovat.",
            "{n} událostí, konverzací nebo výmazů nešlo zpracovat.",
            "Opravte, co uvádí log serveru, a potom to zkuste znovu.",
        ),
        Code::LedgerDamaged => plain(
            "Databáze je poškozená. Nic se nepřijímá ani nemaže.",
            "Co se ví: {reason}. Zkontrolujte ji v příkazové řádce (quietus ledger check), obnovte zálohu a restartujte server.",
        ),
        Code::LogLong => three(
            "Log databáze má {n} MiB a roste, protože ji má otevřenou jiný program.",
            "Log databáze má {n} MiB a roste, protože ji má otevřenou jiný program.",
            "Log databáze má {n} MiB a roste, protože ji má otevřenou jiný program.",
            "Najděte na serveru ten program (fuser -v nebo lsof na souboru databáze) a ukončete ho. Log nemažte: je v něm, co jsme potvrdili.",
        ),
        Code::SnapshotHeld => plain(
            "V databázi zůstává otevřená transakce jiného programu, takže smazané záznamy neubývají.",
            "Najděte proces {process} v pg_stat_activity a ukončete ho.",
        ),
        Code::LedgerUnwritable => plain(
            "Do databáze teď nejde zapisovat. Doručení čekají a nic se nemaže.",
            "Důvod: {reason}. Jakmile zapisovat půjde, vše pokračuje samo.",
        ),
        Code::EventsDamaged => three(
            "{n} potvrzená událost je poškozená a nejde o ní rozhodnout.",
            "{n} potvrzené události jsou poškozené a nejde o nich rozhodnout.",
            "{n} potvrzených událostí je poškozených a nejde o nich rozhodnout.",
            "Najděte v mluvii, koho se týkají. Potom to vezměte na vědomí.",
        ),
        Code::RecordsDamaged => three(
            "S {n} konverzací nebo výmazem se nic nedělá: záznam je poškozený a mohl by patřit někomu jinému.",
            "Se {n} konverzacemi nebo výmazy se nic nedělá: záznamy jsou poškozené a mohly by patřit někomu jinému.",
            "S {n} konverzacemi nebo výmazy se nic nedělá: záznamy jsou poškozené a mohly by patřit někomu jinému.",
            "Obnovte zálohu databáze. Koho se týkají, jde možná najít v mluvii.",
        ),
        Code::DeliveriesUnreadable => three(
            "{n} doručení nešlo přečíst, nebo ho odmítla databáze.",
            "{n} doručení nešla přečíst, nebo je odmítla databáze.",
            "{n} doručení nešlo přečíst, nebo je odmítla databáze.",
            "Podívejte se proč. Až to bude opravené, načtěte je znovu, nebo zahoďte ta, ze kterých nic neplyne.",
        ),
        Code::DeliveriesRefused => three(
            "{n} doručení ze zdroje {source} bylo odmítnuto: {last}.",
            "{n} doručení ze zdroje {source} byla odmítnuta, poslední {last}.",
            "{n} doručení ze zdroje {source} bylo odmítnuto, poslední {last}.",
            "Pokud je poslala mluvii, nesedí její přihlašovací údaje: zaregistrujte webhook znovu.",
        ),
        Code::PathsUnknown => three(
            "{n} doručení přišlo na adresu, kterou nemá žádný zdroj: {last}.",
            "{n} doručení přišla na adresy, které nemá žádný zdroj, poslední {last}.",
            "{n} doručení přišlo na adresy, které nemá žádný zdroj, poslední {last}.",
            "Pokud je poslala mluvii, porovnejte adresu jejího webhooku s tou na stránce.",
        ),
        Code::Overdue => {
            plain("Něco už mělo být vymazané a měsíc na to uplynul.", "U opožděných výmazů uvidíte, na co který čeká.")
        }
        Code::SessionsForeign => three(
            "{n} konverzace z oddělení, které neuvádí žádný zdroj, byla zapomenuta.",
            "{n} konverzace z oddělení, která neuvádí žádný zdroj, byly zapomenuty.",
            "{n} konverzací z oddělení, která neuvádí žádný zdroj, bylo zapomenuto.",
            "Jsou-li vaše, doplňte oddělení ke zdroji v konfiguraci (tenants).",
        ),
        Code::ClockDoubted => plain(
            "Hodiny serveru nemohou jít správně: měly ukazovat {expected} a ukázaly {found}. Nic se nemaže.",
            "Nařiďte je. Jdou-li teď správně, potvrďte to v příkazové řádce: quietus clock accept.",
        ),
        Code::HeadNotKept => plain(
            "Číslo nejnovějšího dokladu se nepodařilo uložit mimo databázi ({keeper}).",
            "Důvod: {reason}. Maže se dál; dokud to nebude opravené, nemuselo by se poznat, že je databáze starší.",
        ),
        Code::StateBegunAnew => plain(
            "Počítač {machine} v {path} o této databázi nic nevěděl, ačkoli v ní doklady jsou.",
            "Zjistěte, jestli tam nechybí připojený disk; pokud ano, vraťte ho a restartujte server. Jinak to vezměte na vědomí.",
        ),
        Code::LedgerSetBack => plain(
            "Databáze se vrátila do dřívějšího stavu. Doklady čekají.",
            "Co se ví: {reason}. Vraťte na místo správnou databázi, nebo zastavte všechny servery a spusťte quietus ledger accept.",
        ),
        Code::RetentionBehind => plain(
            "Nejsou smazané všechny záznamy, kterým skončila doba uložení ({kind}).",
            "Přibývá jich víc, než se stihne smazat. Prodlužte v konfiguraci retention.{kind}, nebo pořiďte rychlejší disk.",
        ),
        Code::RetentionRefused => three(
            "Databáze odmítá smazat {n} záznam, kterému skončila doba uložení ({kind}).",
            "Databáze odmítá smazat {n} záznamy, kterým skončila doba uložení ({kind}).",
            "Databáze odmítá smazat {n} záznamů, kterým skončila doba uložení ({kind}).",
            "Proč, je v logu serveru. Odstraňte trigger nebo cizí klíč, který nepatří quietu; pak se to samo zkusí znovu.",
        ),
        Code::ArchiveFailed => plain(
            "Záznamy se nepodařilo archivovat a zůstávají v databázi ({chain}). Nic se neztratilo.",
            "Důvod: {reason}. Opravte to a potom v příkazové řádce: quietus {chain} archive.",
        ),
        Code::SealKeysFailed => plain(
            "Pečetní klíče nejde vytvořit, přečíst nebo zničit, takže stará kopie databáze může jít stále otevřít.",
            "Důvod: {reason}. Viz docs/keys.md.",
        ),
        Code::WebhookWrong => plain(
            "Webhook zdroje {source} není v mluvii tak, jak má být.",
            "Co se ví: {reason}. Zaregistrujte ho nebo opravte.",
        ),
        Code::ReconcileFailed => plain(
            "Co skončilo v mluvii {mluvii}, nešlo porovnat s databází, takže mohou chybět konverzace.",
            "Důvod: {reason}. Zkouší se to samo znovu.",
        ),
        Code::SourceSilent => plain(
            "Ze zdroje {source} nic nepřichází, ačkoli tam konverzace končí.",
            "Co se ví: {reason}. Porovnání je najde, ale pozdě. Podívejte se na webhook a na to, jestli mluvii dosáhne na adresu serveru.",
        ),
        Code::SessionsReappeared => plain(
            "mluvii {mluvii} zase ukazuje konverzace, které byly vymazané.",
            "Co se ví: {reason}. Znovu otevřené výmazy jsou v protokolu úkonů. Mohou být i jinde, kde se něco obnovilo.",
        ),
        Code::AlertFailed => plain(
            "Upozornění {alert} se nedostane ke všem.",
            "Důvod: {reason}. Zkouší se to znovu. Vyzkoušejte ho v příkazové řádce: quietus alerts test {alert}.",
        ),
        Code::PingFailed => plain(
            "Dohledové službě se nepodařilo oznámit, že quietus běží (watch.ping).",
            "Důvod: {reason}. Zkouší se to samo znovu.",
        ),
        Code::DueSoon => plain(
            "Něco, co má být vymazané, bude opožděné: {late}.",
            "U výmazů, na které přišel čas, uvidíte, na co který čeká.",
        ),
        Code::RuleWaiting => three(
            "Pravidlo {rule} je nové nebo změněné. Za poslední měsíc by vymazalo {n} konverzaci z {sessions}.",
            "Pravidlo {rule} je nové nebo změněné. Za poslední měsíc by vymazalo {n} konverzace z {sessions}.",
            "Pravidlo {rule} je nové nebo změněné. Za poslední měsíc by vymazalo {n} konverzací z {sessions}.",
            "Dokud ho někdo neprohlédne a nepotvrdí, nic se podle něj nemaže. Může ho i zamítnout.",
        ),
        Code::PastWaiting => three(
            "Čeká porovnání minulosti: pravidla by vymazala {n} konverzaci z {sessions}, o kterých nikdo neřekl.",
            "Čeká porovnání minulosti: pravidla by vymazala {n} konverzace z {sessions}, o kterých nikdo neřekl.",
            "Čeká porovnání minulosti: pravidla by vymazala {n} konverzací z {sessions}, o kterých nikdo neřekl.",
            "Dokud to někdo nepotvrdí, nic z toho se nezačne.",
        ),
        Code::RequestsLate => three(
            "{n} žádost nebyla vyřízena včas. Lhůta skončila {due}.",
            "{n} žádosti nebyly vyřízeny včas. První lhůta skončila {due}.",
            "{n} žádostí nebylo vyřízeno včas. První lhůta skončila {due}.",
            "Podívejte se, na co čekají. Vyřizuje je pověřenec.",
        ),
        Code::RequestsDueSoon => three(
            "{n} žádost se musí brzy vyřídit. Lhůta končí {due}.",
            "{n} žádosti se musí brzy vyřídit. První lhůta končí {due}.",
            "{n} žádostí se musí brzy vyřídit. První lhůta končí {due}.",
            "Podívejte se, na co čekají. Vyřizuje je pověřenec.",
        ),
        Code::RequestsUnverified => three(
            "U {n} žádosti se už dlouho neví, čí je.",
            "U {n} žádostí se už dlouho neví, čí jsou.",
            "U {n} žádostí se už dlouho neví, čí jsou.",
            "Pověřenec ověří, kdo je poslal, nebo si vyžádá víc.",
        ),
        Code::RequestApprovalWaiting => three(
            "Plán {n} žádosti čeká na schválení někým jiným.",
            "Plány {n} žádostí čekají na schválení někým jiným.",
            "Plány {n} žádostí čekají na schválení někým jiným.",
            "Plán schválí schvalovatel, který žádost nezapsal ani neplánoval.",
        ),
        Code::ReloadFailed => plain(
            "Server {server} běží podle dřívější konfigurace, protože novou nejde použít.",
            "Důvod: {reason}. Opravte soubor a potom v příkazové řádce: quietus reload.",
        ),
        Code::HoldOld => plain(
            "Pozastavení {hold} trvá dlouho a nemá konec.",
            "Zjistěte, jestli je ještě potřeba. Pokud ne, pověřenec ho zruší.",
        ),
        Code::TargetPaused => plain(
            "Volání systému {target} je pozastavené déle než den a co na něj čeká, čeká dál.",
            "Až to půjde, nechte ho zase volat.",
        ),
        Code::RecheckResidual => three(
            "Co od {erased_since} vymazal {n} výmaz v systému {target}, je tam znovu.",
            "Co od {erased_since} vymazaly {n} výmazy v systému {target}, je tam znovu.",
            "Co od {erased_since} vymazalo {n} výmazů v systému {target}, je tam znovu.",
            "Neobnovila se tam záloha? Žádosti jsou znovu otevřené. Projděte systém po obnově a nechte to vymazat; u mluvii v příkazové řádce: quietus reconcile.",
        ),
        Code::RecheckUnclear => three(
            "U {n} výmazu od {erased_since} nejde říct, jestli je v systému {target} znovu něco z toho.",
            "U {n} výmazů od {erased_since} nejde říct, jestli je v systému {target} znovu něco z toho.",
            "U {n} výmazů od {erased_since} nejde říct, jestli je v systému {target} znovu něco z toho.",
            "Samo se z toho nic nevymaže. Projděte systém po obnově; u mluvii se podívejte na výmazy.",
        ),
        Code::RecheckLate => plain(
            "Na to, co se vymazalo v systému {target}, se mělo znovu podívat a několik dní to nejde.",
            "Důvod: {reason}. Zkouší se to samo znovu.",
        ),
        Code::SweepStuck => plain(
            "Nové hledání všech, kdo byli vymazáni v systému {target}, nepokračuje, nebo se vzdalo.",
            "Podívejte se, jak je daleko. {reason}",
        ),
    }
}
