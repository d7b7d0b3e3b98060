//! The sentences of our own plugins about what they did not look at, what their systems keep, and why they cannot tell, in both languages. A
//! sentence is its own code: plugins never change one lightly, as operators accept places word by word. A `{}` is a name or a number of
//! the deployment. A test holds them against the plugins' sources.

/// Those of the core and of one plugin after the other, by the folder of its sources: in English as it says them, and in Czech.
pub(super) static KNOWN: [(&str, &[(&str, &str)]); 8] = [
    ("", CORE),
    ("sql-purge", SQL),
    ("crm-purge", CRM),
    ("mailbox-cleanup", MAILBOX),
    ("http-purge", HTTP),
    ("files", FILES),
    ("forward", FORWARD),
    ("sdk", SDK),
];

const CORE: &[(&str, &str)] = &[
    ("people erase there, and nobody but them can look", "mažou tam lidé a nikdo jiný se tam podívat nemůže"),
    ("further identifiers that the target holds", "další identifikátory, které systém o osobě má"),
    (
        "other targets by what this one knows the person by: they were asked before it said so",
        "jiné systémy podle toho, pod čím osobu zná tento: byly dotázány dřív, než to řekl",
    ),
    ("somebody gets a task: {}", "úkol dostane člověk: {}"),
    ("it was accepted, and its outcome was not reported by {}", "systém pokyn přijal, ale výsledek neohlásil do {}"),
    (
        "the target still holds the data, and must not be asked to erase twice",
        "systém údaje stále má a o výmaz se nesmí žádat dvakrát",
    ),
    (
        "what became of the call is unknown, and the target must not be asked twice",
        "neví se, jak volání dopadlo, a systém se nesmí žádat dvakrát",
    ),
    ("it took longer than it may", "trvalo to déle, než smí"),
    ("stopped while it needed a person", "zastaveno, když byl potřeba člověk"),
    ("somebody was given a task", "někdo dostal úkol"),
    (
        "stopped: the task was taken back before anybody had answered it",
        "zastaveno: úkol byl stažen dřív, než na něj někdo odpověděl",
    ),
    (
        "stopped: the target had accepted the demand, and its outcome was not awaited",
        "zastaveno: systém pokyn přijal a na výsledek se nečekalo",
    ),
    (
        "stopped: the target may have been asked to erase, and what became of that call is not known",
        "zastaveno: systém možná dostal pokyn k výmazu a neví se, jak to dopadlo",
    ),
    (
        "stopped: looked at again, the data was still there, and nothing was asked after that",
        "zastaveno: při nové kontrole tam údaje stále byly a potom už systém nikdo nežádal",
    ),
    (
        "stopped: the target answered that it has erased, and nobody has looked whether it is gone",
        "zastaveno: systém uvedl, že vymazal, a nikdo se nepodíval, zda údaje zmizely",
    ),
    (
        "stopped before the target had answered that anything was erased",
        "zastaveno dřív, než systém odpověděl, že něco vymazal",
    ),
    ("stopped before the target was asked to erase", "zastaveno dřív, než systém dostal pokyn k výmazu"),
    (
        "stopped: the target answered that it has erased a part, and nothing was asked after that",
        "zastaveno: systém uvedl, že část vymazal, a potom už ho nikdo o nic nežádal",
    ),
    ("this plugin cannot look again", "systému se nelze zeptat znovu"),
    (
        "no identifier of a kind that this target understands ({})",
        "není znám žádný identifikátor, podle kterého by v systému šlo hledat ({})",
    ),
    (
        "no identifier of the kind `{}`, which this target requires",
        "není znám identifikátor druhu {}, bez kterého v systému hledat nelze",
    ),
    (
        "mluvii was not asked: no session of this person or guest is known",
        "mluvii jsme se nezeptali: žádná konverzace této osoby nebo hosta není známa",
    ),
    (
        "mluvii does not know it: {} of {} sessions were never read there before",
        "mluvii to nezná: {} z {} konverzací tam nikdy předtím nebylo přečteno",
    ),
    (
        "{} of {} sessions are not anonymized after the time that they may take",
        "{} z {} konverzací není anonymizováno ani po době, kterou to smí trvat",
    ),
    (
        "{} of {} sessions still show what must be empty (mluvii.must_be_empty)",
        "{} z {} konverzací stále ukazuje, co má být prázdné",
    ),
    ("kept by law: {}, by {}", "uchovává se ze zákona: {}, podle {}"),
];

const SDK: &[(&str, &str)] = &[("{}: a person must judge them", "{}: musí je posoudit člověk")];

const SQL: &[(&str, &str)] = &[
    (
        "tables, materialized views, columns and texts that no statement names",
        "tabulky, materializované pohledy, sloupce a texty, které žádný příkaz nejmenuje",
    ),
    (
        "replicas, backups, exports and archived logs of the database",
        "repliky, zálohy, exporty a archivované žurnály databáze",
    ),
    (
        "the server that this one follows, or that has taken its place: what stands there only",
        "server, který tento následuje nebo který ho nahradil: co je jen tam",
    ),
    (
        "the servers that this one follows: what has not come from there yet stands there only (`follows = \"trusted\"`)",
        "servery, které tento následuje: co z nich ještě nepřišlo, je jen tam",
    ),
    (
        "what was erased, in the tables' files until VACUUM has removed it and its space is written over, and in the write-ahead log until its \
         segments are recycled (PostgreSQL's documentation)",
        "vymazané údaje v souborech tabulek, dokud je VACUUM neodstraní a jejich místo se nepřepíše, a v žurnálu (write-ahead log), dokud se jeho \
         části nepoužijí znovu (podle dokumentace PostgreSQL)",
    ),
    (
        "what was erased, in the tables' pages and the undo log until the server has purged it and its space is written over ({}'s \
         documentation)",
        "vymazané údaje na stránkách tabulek a v žurnálu undo, dokud je server neodstraní a jejich místo se nepřepíše (podle dokumentace {})",
    ),
    (
        "what was erased and the statements that did it, in the binary log, {} ({}'s documentation)",
        "vymazané údaje a příkazy, které je vymazaly, v binárním žurnálu, {} (podle dokumentace {})",
    ),
    ("for {} days (the server's `binlog_expire_logs_seconds`)", "po počet dnů podle nastavení serveru: {}"),
    ("for {} s (the server's `binlog_expire_logs_seconds`)", "po počet sekund podle nastavení serveru: {}"),
    (
        "until somebody purges it (the server's `binlog_expire_logs_seconds` is 0)",
        "dokud ho někdo nevyčistí (podle nastavení serveru)",
    ),
    ("until its files expire or are purged", "dokud jeho soubory nevyprší nebo je někdo nevyčistí"),
    (
        "the types and character sets of what `{}` is compared by, which cannot hold some value of {} (statement `{}`)",
        "typy a znakové sady, podle kterých se tabulka {} porovnává, nepojmou některou hodnotu druhu {} (příkaz {})",
    ),
    (
        "of `{}` only the rows that row-level security shows to the user (`row_security = \"trusted\"`)",
        "tabulka {}: hledalo se jen v řádcích, které uživateli ukazuje zabezpečení na úrovni řádků",
    ),
    (
        "of `{}`, which is no table or has rows elsewhere, only the rows that it shows (`views = \"trusted\"`)",
        "{}, což není tabulka nebo má řádky i jinde: hledalo se jen v řádcích, které ukazuje",
    ),
    (
        "{} identifiers that are none, such as a number without a country code",
        "identifikátory, které jimi nejsou, například číslo bez předvolby země: {}",
    ),
    (
        "the server that this one follows, if it follows one: the user is not shown it (it lacks {})",
        "server, který tento následuje, pokud nějaký je: uživateli se neukazuje (chybí mu právo {})",
    ),
    ("what triggers and rules of `{}` have copied elsewhere", "co triggery a pravidla tabulky {} zkopírovaly jinam"),
    (
        "what triggers of `{}` have copied elsewhere, if it has some: the user is not shown them (it lacks TRIGGER)",
        "co triggery tabulky {} zkopírovaly jinam, pokud nějaké má: uživateli se neukazují",
    ),
    (
        "the earlier versions of rows of `{}` until its history is deleted (system versioning, MariaDB's documentation)",
        "dřívější verze řádků tabulky {}, dokud se její historie nesmaže (podle dokumentace MariaDB)",
    ),
    ("earlier versions of rows of `{}` (system versioning)", "dřívější verze řádků tabulky {} (systémové verzování)"),
    ("no statement applies to these identifiers", "pro tyto identifikátory není žádný příkaz"),
];

const CRM: &[(&str, &str)] = &[
    (
        "Dataverse keeps deleted rows for up to 30 days where its recycle bin is on, by Microsoft's documentation",
        "Dataverse uchovává smazané řádky až 30 dnů, je-li zapnut jeho koš (podle dokumentace Microsoftu)",
    ),
    (
        "HubSpot completes a permanent deletion within 30 days, by its knowledge base",
        "HubSpot dokončí trvalé smazání do 30 dnů (podle své nápovědy)",
    ),
    (
        "HubSpot blocks the primary and the additional addresses of a contact that is permanently deleted for its user interface and for \
         imports, without an end, by its knowledge base",
        "HubSpot bez časového omezení blokuje hlavní a další adresy trvale smazaného kontaktu pro své rozhraní a importy (podle své nápovědy)",
    ),
    (
        "HubSpot keeps archived objects for 90 days, by its knowledge base",
        "HubSpot uchovává archivované objekty 90 dnů (podle své nápovědy)",
    ),
    (
        "Pipedrive keeps persons, deals and activities that are deleted for 30 days, by its changelog",
        "Pipedrive uchovává smazané osoby, obchody a aktivity 30 dnů (podle svého přehledu změn)",
    ),
    (
        "Salesforce keeps what is deleted in the Recycle Bin for up to 15 days, by its documentation",
        "Salesforce uchovává smazané záznamy v koši až 15 dnů (podle své dokumentace)",
    ),
    (
        "numbers in other columns than telephone1 to telephone3 and mobilephone, such as business2, home2, callback, assistantphone, \
         managerphone, pager, fax and those of addresses (address1_telephone1)",
        "čísla v jiných sloupcích než telephone1 až telephone3 a mobilephone, například fax, pager a čísla u adres",
    ),
    (
        "participants of activities with others (activityparty), which stay, with the address that was used, when a contact is deleted",
        "účastníci aktivit s jinými osobami (activityparty), kteří při smazání kontaktu zůstávají i s použitou adresou",
    ),
    (
        "texts and columns of your own of other rows that name the person",
        "texty a vlastní sloupce jiných řádků, které osobu jmenují",
    ),
    (
        "rows that Dataverse deletes in turn with what goes with a contact, such as an e-mail's attachments, and their audit history",
        "řádky, které Dataverse smaže spolu s tím, co patří ke kontaktu, například přílohy e-mailu, a jejich historie auditu",
    ),
    (
        "exports, backups, the search index and systems that Dataverse is synchronized with",
        "exporty, zálohy, vyhledávací index a systémy, se kterými se Dataverse synchronizuje",
    ),
    (
        "rows that were deleted before and can still be restored where the recycle bin is on",
        "řádky smazané už dřív, které lze ještě obnovit, je-li zapnut koš",
    ),
    (
        "audit entries of rows of tables whose auditing is off now",
        "záznamy auditu k řádkům tabulek, u kterých je audit nyní vypnut",
    ),
    (
        "telephone numbers that stand behind other text in their column, such as `home: 777 123 456`",
        "telefonní čísla, před kterými je ve sloupci jiný text",
    ),
    (
        "rows that go with a contact and that the application user may not read, or not all of them: {} more tables",
        "řádky, které patří ke kontaktu a které uživatel aplikace nesmí číst, nebo ne všechny: další tabulky v počtu {}",
    ),
    (
        "rows that go with a contact and that the application user may not read, or not all of them: {}",
        "řádky, které patří ke kontaktu a které uživatel aplikace nesmí číst, nebo ne všechny: {}",
    ),
    ("leads with the person's address or number (`leads` in `related`)", "leady s adresou nebo číslem osoby"),
    ("opportunities of the contact (`opportunities` in `related`)", "příležitosti kontaktu"),
    (
        "the audit log, which keeps the values of what was erased where auditing is on (`audit_history` in `related`)",
        "auditní žurnál, který uchovává vymazané hodnoty tam, kde je audit zapnut",
    ),
    (
        "contacts that were archived before: the search of HubSpot does not find them",
        "kontakty archivované už dřív: vyhledávání HubSpotu je nenajde",
    ),
    (
        "addresses and numbers in other properties of contacts than email, hs_additional_emails, phone and mobilephone, such as work_email \
         and fax; companies and custom objects",
        "adresy a čísla v jiných vlastnostech kontaktů, například work_email a fax; firmy a vlastní objekty",
    ),
    ("texts of other records that name the person", "texty jiných záznamů, které osobu jmenují"),
    (
        "notes that are linked with the contact: HubSpot unlinks them, and keeps those that others are linked with",
        "poznámky spojené s kontaktem: HubSpot je odpojí a ponechá ty, se kterými je spojen i někdo jiný",
    ),
    (
        "calls that are linked with the contact: HubSpot unlinks and keeps them",
        "hovory spojené s kontaktem: HubSpot je odpojí a ponechá",
    ),
    (
        "e-mails that are linked with the contact: HubSpot unlinks them, and keeps those that others are linked with",
        "e-maily spojené s kontaktem: HubSpot je odpojí a ponechá ty, se kterými je spojen i někdo jiný",
    ),
    (
        "meetings that are linked with the contact: HubSpot unlinks and keeps them",
        "schůzky spojené s kontaktem: HubSpot je odpojí a ponechá",
    ),
    (
        "tasks that are linked with the contact: HubSpot unlinks and keeps them",
        "úkoly spojené s kontaktem: HubSpot je odpojí a ponechá",
    ),
    ("deals that are linked with the contact", "obchody spojené s kontaktem"),
    ("tickets that are linked with the contact", "tikety spojené s kontaktem"),
    ("mail threads, files, call logs and projects", "e-mailová vlákna, soubory, záznamy hovorů a projekty"),
    (
        "deals in which the person is a participant, and not the contact person",
        "obchody, ve kterých je osoba účastníkem, a ne kontaktní osobou",
    ),
    (
        "custom fields, and texts of other records that name the person",
        "vlastní pole a texty jiných záznamů, které osobu jmenují",
    ),
    (
        "records that the user of the credentials may not see",
        "záznamy, které uživatel, pod nímž se přistupuje, nesmí vidět",
    ),
    (
        "persons that were deleted before and can still be restored, unless they are looked for by id",
        "osoby smazané už dřív, které lze ještě obnovit, pokud se nehledaly podle id",
    ),
    ("deals of the person", "obchody osoby"),
    ("activities of the person", "aktivity osoby"),
    ("notes on the person", "poznámky k osobě"),
    ("leads of the person", "leady osoby"),
    (
        "activities in which the person is another participant than the primary one",
        "aktivity, ve kterých je osoba jiným než hlavním účastníkem",
    ),
    (
        "whether Pipedrive keeps notes and leads that are deleted, and how long",
        "zda a jak dlouho Pipedrive uchovává smazané poznámky a leady",
    ),
    (
        "numbers in other fields than Phone, MobilePhone, HomePhone and OtherPhone, such as Fax and AssistantPhone",
        "čísla v jiných polích než Phone, MobilePhone, HomePhone a OtherPhone, například Fax a AssistantPhone",
    ),
    (
        "texts, custom fields, comments and Chatter posts of other records that name the person",
        "texty, vlastní pole, komentáře a příspěvky Chatteru u jiných záznamů, které osobu jmenují",
    ),
    (
        "field history (such as ContactHistory) and the Field Audit Trail",
        "historie polí (například ContactHistory) a Field Audit Trail",
    ),
    (
        "cases of no record of the person that keep what came by form or e-mail (SuppliedName, SuppliedEmail, SuppliedPhone)",
        "případy bez záznamu osoby, které uchovávají, co přišlo formulářem nebo e-mailem",
    ),
    (
        "sandboxes, exports, backups and installed packages",
        "testovací prostředí (sandboxy), exporty, zálohy a nainstalované balíčky",
    ),
    (
        "records that are not shared with the user of the credentials (`visibility = \"trusted\"`)",
        "záznamy, které nejsou sdíleny s uživatelem, pod nímž se přistupuje",
    ),
    (
        "business cases, offers, orders, invoices, projects, activities and e-mails of the person, and attachments",
        "obchodní případy, nabídky, objednávky, faktury, projekty, aktivity a e-maily osoby a přílohy",
    ),
    (
        "addresses and numbers in other fields than those for e-mail and telephone",
        "adresy a čísla v jiných polích, než jsou pole pro e-mail a telefon",
    ),
    ("the name and the titles that an anonymized record shows", "jméno a tituly, které anonymizovaný záznam ukazuje"),
    (
        "what an anonymized record is linked with, and what is chosen for it from lists, such as its category",
        "s čím je anonymizovaný záznam spojen a co je u něj vybráno ze seznamů, například kategorie",
    ),
    (
        "records that the security levels of the API's user do not show",
        "záznamy, které úrovně zabezpečení uživatele API neukazují",
    ),
    ("leads with the address or number of the person", "leady s adresou nebo číslem osoby"),
    ("companies with the address or number of the person", "firmy s adresou nebo číslem osoby"),
    (
        "{} identifiers that have no form that a record could hold",
        "identifikátory v podobě, jakou by žádný záznam mít nemohl: {}",
    ),
    (
        "{} records were found that do not show whose they are, and stay",
        "nalezené záznamy, které neukazují, čí jsou, a zůstávají: {}",
    ),
    (
        "no identifier that records of people are looked for by (`by`, `id_kind`, `grants`)",
        "žádný identifikátor, podle kterého se záznamy osob hledají",
    ),
];

const MAILBOX: &[(&str, &str)] = &[
    (
        "what only the text or an attachment of a message says of the person: `look_at_body` is off",
        "co o osobě říká jen text nebo příloha zprávy (hledání v textech je vypnuto)",
    ),
    (
        "what only the text or an attachment of a message says of the person",
        "co o osobě říká jen text nebo příloha zprávy",
    ),
    (
        "attachments other than texts and messages, and what is encrypted",
        "přílohy jiné než texty a zprávy a to, co je zašifrováno",
    ),
    (
        "messages that the person has not sent: `only_from` is on",
        "zprávy, které osoba neodeslala (hledá se jen podle odesílatele)",
    ),
    ("what mail programs keep on people's devices", "co poštovní programy uchovávají na zařízeních lidí"),
    (
        "folders that the server does not list for this user: other people's mailboxes and copies in them, other namespaces",
        "složky, které server tomuto uživateli neukazuje: schránky jiných lidí a kopie v nich",
    ),
    (
        "the server's backups and archives, and what it keeps of messages that were expunged",
        "zálohy a archivy serveru a to, co server uchovává z odstraněných zpráv",
    ),
    ("folders that the configuration leaves out", "složky, které nastavení vynechává"),
    (
        "messages that carry the address in Sender or Reply-To alone, or that Exchange stores under a name within the company (`/O=…`) \
         instead of an address: its search does not look there",
        "zprávy, které mají adresu jen v polích Sender nebo Reply-To, nebo které Exchange ukládá pod vnitřním jménem místo adresy: jeho \
         vyhledávání tam nehledá",
    ),
    (
        "whether a hold keeps what was erased: Microsoft Graph does not show holds",
        "zda vymazané zprávy neuchovává blokace (hold): Microsoft Graph blokace neukazuje",
    ),
    (
        "the online archive, other people's mailboxes and copies in them, groups, journals, backups, Teams, calendars and contacts",
        "online archiv, schránky jiných lidí a kopie v nich, skupiny, deníky, zálohy, Teams, kalendáře a kontakty",
    ),
    (
        "Exchange's folder Purges keeps what was deleted for good until the retention of deleted items is over: 14 days, or up to 30 where \
         somebody has set it so (Microsoft's documentation)",
        "složka Purges na Exchange uchovává trvale smazané zprávy, dokud neuplyne doba uchování smazaných položek: 14 dnů, nebo až 30, je-li to \
         tak nastaveno (podle dokumentace Microsoftu)",
    ),
    (
        "where there is a hold or a retention policy, Exchange keeps it for as long as that lasts, and Microsoft Graph shows neither \
         (Microsoft's documentation)",
        "kde je blokace (hold) nebo zásada uchovávání, uchovává Exchange zprávy po celou její dobu a Microsoft Graph to neukazuje (podle \
         dokumentace Microsoftu)",
    ),
    (
        "recoverable items (Deletions, Purges, DiscoveryHolds): Microsoft Graph does not show them in this mailbox",
        "obnovitelné položky (Deletions, Purges, DiscoveryHolds): Microsoft Graph je v této schránce neukazuje",
    ),
    (
        "messages that carry the address in Sender or Reply-To alone: Gmail's search does not look there",
        "zprávy, které mají adresu jen v polích Sender nebo Reply-To: vyhledávání Gmailu tam nehledá",
    ),
    (
        "what a hold or a retention rule in Google Vault keeps: the Gmail API does not show it",
        "co uchovává blokace (hold) nebo pravidlo uchovávání v Google Vault: rozhraní Gmailu to neukazuje",
    ),
    (
        "other people's mailboxes and copies in them, groups' archives, backups, Chat, Calendar and Contacts",
        "schránky jiných lidí a kopie v nich, archivy skupin, zálohy, Chat, Kalendář a Kontakty",
    ),
    (
        "account `{}`: {} messages were found that do not show whose they are, and stay",
        "účet {}: nalezené zprávy, které neukazují, čí jsou, a zůstávají: {}",
    ),
    (
        "all addresses are on the protect list, and were not searched for",
        "všechny adresy jsou na seznamu chráněných a nehledalo se podle nich",
    ),
    (
        "an address is on the protect list, and its messages were not searched for",
        "adresa je na seznamu chráněných a její zprávy se nehledaly",
    ),
];

const HTTP: &[(&str, &str)] = &[
    (
        "{} results of step `{}` do not show whose they are (`match`), and stay",
        "výsledky, které neukazují, čí jsou, a zůstávají: {} (krok {})",
    ),
    (
        "{} results of step `{}` hold what was asked for and may be somebody else's (`needs_person`), and stay",
        "výsledky, které obsahují hledané a mohou být někoho jiného, a proto zůstávají: {} (krok {})",
    ),
    (
        "{} items were refused to step `{}` ({}), so that nobody has judged them, and stay",
        "položky, které systém odepřel, takže je nikdo neposoudil, a zůstávají: {} (krok {}, stav {})",
    ),
    (
        "step `{}` was shown a part of what there is, and nobody has read the rest, as nothing says how (`paging`)",
        "systém ukázal jen část toho, co má, a zbytek nikdo nečetl, protože není nastaveno jak (krok {})",
    ),
    (
        "what step `{}` erases: it was answered that nothing is there, which proves nothing by itself",
        "co maže krok {}: systém odpověděl, že tam nic není, což samo nic nedokazuje",
    ),
    (
        "what was there before step `{}`: nothing is there now, and one of its deletions was not answered",
        "co tam bylo před krokem {}: nyní tam nic není a na jedno ze smazání systém neodpověděl",
    ),
    (
        "step `{}` was answered {}: the system must keep the data",
        "systém odpověděl, že údaje musí uchovat (krok {}, stav {})",
    ),
    ("step `{}` erases without looking first", "krok {} maže, aniž by se nejprve podíval"),
    ("no step applies to these identifiers", "pro tyto identifikátory není žádný krok"),
    ("no verify steps are configured", "nová kontrola není nastavena"),
    ("no verify step applies to these identifiers", "pro tyto identifikátory není žádný krok nové kontroly"),
];

const FILES: &[(&str, &str)] = &[
    ("files with other names, and what is in them", "soubory s jinými názvy a jejich obsah"),
    (
        "snapshots, backups and replicas of the file system, and copies that it or the disk has written elsewhere",
        "snímky, zálohy a repliky souborového systému a kopie, které on nebo disk zapsal jinam",
    ),
    (
        "the content of deleted files, on the disk until its space is written over, and for programs that have them open until they close \
         them (Linux's manual, unlink(2))",
        "obsah smazaných souborů na disku, dokud se jejich místo nepřepíše, a pro programy, které je mají otevřené, dokud je nezavřou",
    ),
    (
        "objects with other keys, what is in them, and inventories and access logs, in which keys stand",
        "objekty s jinými klíči, jejich obsah a soupisy a záznamy o přístupu, ve kterých klíče jsou",
    ),
    (
        "backups, and replicas of the bucket in other buckets, to which the deletion of a version is not replicated (Amazon's documentation)",
        "zálohy a repliky úložiště (bucketu) jinde, do kterých se smazání verze nepřenáší (podle dokumentace Amazonu)",
    ),
    ("incomplete uploads (place `{}`, `uploads = false`)", "nedokončená nahrávání (místo {})"),
    (
        "what Object Lock keeps (place `{}`): `s3:GetBucketObjectLockConfiguration` is not granted",
        "co uchovává Object Lock (místo {}): jeho nastavení nesmíme číst",
    ),
    (
        "place `{}`: its names need {}, of which the person has not all",
        "místo {}: pro jeho názvy je potřeba {}, což o osobě není známo celé",
    ),
    (
        "what is named after {} identifiers that cannot be part of a name here",
        "co je pojmenováno podle identifikátorů, které zde nemohou být částí názvu: {}",
    ),
    ("no place applies to these identifiers", "pro tyto identifikátory není žádné místo"),
];

const FORWARD: &[(&str, &str)] = &[
    (
        "what the receivers did with the message, and the systems from which they erase: nobody has looked there",
        "co příjemci se zprávou udělali a systémy, ze kterých mažou: nikdo se tam nedíval",
    ),
    (
        "the receiver's systems: what is told of them is the receiver's own word",
        "systémy příjemce: co se o nich píše, je jeho vlastní sdělení",
    ),
    (
        "the message with the identifiers, in each queue that took it, until a consumer has acknowledged it or its time to live is over; a \
         stream keeps it until its retention is over (RabbitMQ's documentation)",
        "zpráva s identifikátory v každé frontě, která ji přijala, dokud ji odběratel nepotvrdí nebo neuplyne její doba; proud (stream) ji \
         uchovává po svou dobu (podle dokumentace RabbitMQ)",
    ),
    (
        "the message with the identifiers, in the stream, until the stream's limits of age, number or size remove it, or, by its retention \
         policy, its consumers have acknowledged it (NATS's documentation)",
        "zpráva s identifikátory v proudu (stream), dokud ji neodstraní jeho meze stáří, počtu nebo velikosti nebo ji nepotvrdí odběratelé \
         (podle dokumentace NATS)",
    ),
    (
        "the message with the identifiers, in the topic's log, consumed or not, until the topic's retention deletes its segment: 7 days \
         unless `retention.ms` says otherwise (Kafka's documentation)",
        "zpráva s identifikátory v žurnálu tématu (topic), ať byla přečtena, nebo ne, dokud se jeho část nesmaže: 7 dnů, není-li nastaveno \
         jinak (podle dokumentace Kafky)",
    ),
    ("the receiver is not re-checked (`verify`)", "příjemce se znovu nekontroluje"),
];
