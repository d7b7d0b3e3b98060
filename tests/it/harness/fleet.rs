//! Several servers on one database, each with a way to it of its own, which can be cut.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use test_servers::postgres::{Cluster, Proxy};

use super::{Deployment, Server, StandIn, WallClock, wait_for};

/// The name of the database.
const NAME: &str = "quietus";

/// A PostgreSQL server with an empty database for a ledger.
pub(crate) struct Database(Cluster);

impl Database {
    pub(crate) fn start() -> Self {
        let cluster = Cluster::start();
        cluster.create_database(NAME);
        Self(cluster)
    }

    /// The same, with the roles of config/postgres.
    pub(crate) fn with_roles() -> Self {
        let database = Self::start();
        database.0.sql(NAME, include_str!("../../../config/postgres/roles.sql"));
        database
    }

    /// Gives the servers' role its rights, on tables that are there.
    #[track_caller]
    pub(crate) fn grant(&self) {
        let grants = include_str!("../../../config/postgres/grants.sql");
        self.0.try_sql(NAME, "quietus_owner", grants).expect("granted");
    }

    /// The same, with a log of all statements and their values.
    pub(crate) fn that_logs_all() -> Self {
        let cluster = Cluster::start_with(&[("log_statement", "all"), ("log_parameter_max_length_on_error", "-1")]);
        cluster.create_database(NAME);
        Self(cluster)
    }

    /// What the server has logged so far.
    pub(crate) fn log(&self) -> String {
        self.0.log()
    }

    /// All rows of all tables, as text; bytes are in hex.
    pub(crate) fn all(&self) -> String {
        let tables = self.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'quietus'");
        tables.lines().map(|table| self.sql(&format!("SELECT t::TEXT FROM {table} AS t"))).collect()
    }

    /// The part of a configuration that names it.
    pub(crate) fn ledger(&self) -> String {
        self.ledger_of("postgres")
    }

    /// The same for a role.
    pub(crate) fn ledger_of(&self, role: &str) -> String {
        format!("[ledger]\nurl = \"{}\"\n", self.url_of(role))
    }

    /// Its address for a role.
    pub(crate) fn url_of(&self, role: &str) -> String {
        self.0.url_of(role, NAME)
    }

    /// Where PostgreSQL's own programs are.
    pub(crate) fn programs(&self) -> &Path {
        self.0.programs()
    }

    /// Rows as `psql` shows them, past the program that keeps them.
    #[track_caller]
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.0.sql(NAME, &format!("SET search_path = quietus; {sql}"))
    }

    #[track_caller]
    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.sql(sql).parse().expect("a number")
    }

    /// The numbers in the first column.
    #[track_caller]
    pub(crate) fn numbers(&self, sql: &str) -> BTreeSet<i64> {
        self.sql(sql).lines().map(|line| line.parse().expect("a number")).collect()
    }

    /// Does something while another session keeps everybody from a table.
    #[track_caller]
    pub(crate) fn while_locked(&self, table: &str, act: impl FnOnce()) {
        const ASLEEP: &str = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        let hold = format!("LOCK TABLE quietus.{table} IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)");
        std::thread::scope(|scope| {
            let holder = scope.spawn(|| self.0.try_sql(NAME, "postgres", &hold));
            wait_for("the lock", || (self.count(&format!("SELECT count(*) {ASLEEP}")) == 1).then_some(()));
            act();
            self.sql(&format!("SELECT pg_terminate_backend(pid) {ASLEEP}"));
            holder.join().expect("psql runs").expect_err("it was ended");
        });
    }

    /// Stops it as a crash does and starts it again.
    pub(crate) fn crash(&self) {
        self.0.restart_immediate();
    }
}

/// Servers of one deployment on one database.
pub(crate) struct Fleet {
    // In this order they end.
    pub(crate) members: Vec<Member>,
    pub(crate) deployment: Deployment,
    pub(crate) database: Database,
}

/// A place of a fleet, with or without a server in it.
pub(crate) struct Member {
    // It ends before its way to the database.
    pub(crate) server: Option<Server>,
    /// Its way to the database.
    pub(crate) proxy: Proxy,
    /// What is served there.
    pub(crate) program: PathBuf,
    settings: Vec<(&'static str, String)>,
}

impl Fleet {
    /// So many servers on a database that was migrated before, against the stand-in.
    pub(crate) fn start(standin: &StandIn, rules: &str, members: usize, settings: &[(&'static str, &str)]) -> Self {
        Self::start_as(Path::new(env!("CARGO_BIN_EXE_quietus")), standin, rules, members, settings)
    }

    /// The same with another version of the program.
    pub(crate) fn start_as(
        program: &Path,
        standin: &StandIn,
        rules: &str,
        members: usize,
        settings: &[(&'static str, &str)],
    ) -> Self {
        Self::start_tuned(program, standin, "", rules, members, settings)
    }

    /// The same with lines of its own for `[[mluvii]]`.
    pub(crate) fn start_tuned(
        program: &Path,
        standin: &StandIn,
        mluvii: &str,
        rules: &str,
        members: usize,
        settings: &[(&'static str, &str)],
    ) -> Self {
        let database = Database::start();
        let more = format!("{rules}\n{}", database.ledger());
        let deployment = Deployment::tuned(&standin.mluvii, mluvii, "", &more);
        deployment.migrate(program);
        let member = || {
            let mut member = Member {
                proxy: Proxy::to(database.0.port()),
                server: None,
                program: program.to_owned(),
                settings: settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            };
            member.settings.push(("LEDGER__URL", member.proxy.url(NAME)));
            member.start(&deployment);
            member
        };
        let members = (0..members).map(|_| member()).collect();
        Self { members, deployment, database }
    }

    /// Waits until so many erasures have ended, however long that takes: there must be further ones.
    #[track_caller]
    pub(crate) fn wait_for_receipts(&self, count: i64) {
        let mut receipts = 0;
        while receipts < count {
            receipts = wait_for("further erasures", || {
                Some(self.database.count("SELECT count(*) FROM receipt")).filter(|now| *now > receipts)
            });
        }
    }

    /// What `quietus status --json` says of the processes.
    #[track_caller]
    pub(crate) fn processes(&self) -> Vec<Value> {
        let status = self.deployment.json(&["status"]);
        status["processes"].as_array().expect("a list of processes").clone()
    }

    /// What it says of one member's, if it is on the list.
    #[track_caller]
    pub(crate) fn process(&self, member: usize) -> Option<Value> {
        let place = format!("/{}", self.members[member].id());
        self.processes().into_iter().find(|process| process["place"].as_str().is_some_and(|at| at.ends_with(&place)))
    }

    /// Starts the server of a place.
    pub(crate) fn start_member(&mut self, member: usize) {
        self.members[member].start(&self.deployment);
    }

    /// Starts the server of a place anew, by a wall clock of its machine's own.
    pub(crate) fn restart_by(&mut self, member: usize, clock: &WallClock) {
        let member = &mut self.members[member];
        if let Some(server) = member.server.take() {
            assert!(server.stop().0.success());
        }
        let settings: Vec<_> = member.settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        member.server = Some(clock.start_with(&self.deployment, &settings));
    }

    /// Ends every server as a service manager does.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        for member in &mut self.members {
            if let Some(server) = member.server.take() {
                let (status, log) = server.stop();
                assert!(status.success(), "{status}: {log:#?}");
            }
        }
    }
}

impl Member {
    fn start(&mut self, deployment: &Deployment) {
        let settings: Vec<_> = self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.server = Some(Server::start_as(&self.program, deployment, &settings));
    }

    /// The server, which is there.
    #[track_caller]
    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().expect("a server is there")
    }

    pub(crate) fn id(&self) -> u32 {
        self.server().id()
    }

    /// Its way to the database is closed, and what was under way on it is cut short.
    pub(crate) fn cut_off(&self) {
        self.proxy.refuse();
        self.proxy.cut();
    }
}
