//! Where the database is: parses the configured URL. Nothing is connected to.

use percent_encoding::percent_decode_str;

/// Which language a database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
}

/// A database of a server, as a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) engine: Engine,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) database: String,
}

impl Address {
    /// The error says what is wrong, and repeats nothing: a password could stand there.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let shape = "`url`: write it as `postgres://user@host/database` or `mysql://user@host/database`";
        let (scheme, rest) = url.split_once("://").ok_or(shape)?;
        let (engine, usual) = match scheme {
            "postgres" | "postgresql" => (Engine::Postgres, 5432),
            "mysql" => (Engine::Mysql, 3306),
            _ => return Err(format!("{shape}: no other scheme is known; MariaDB's is `mysql`")),
        };
        if rest.contains(['?', '#']) {
            return Err(format!("{shape}: without `?` and `#`; what else is to be set has a key of its own"));
        }
        let (authority, database) = rest.split_once('/').ok_or(shape)?;
        let (user, place) = authority.rsplit_once('@').ok_or(shape)?;
        if user.contains(':') {
            return Err("`url`: a password stands in it; write `password = { secret = \"…\" }` instead".into());
        }
        let (host, port) = match place.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']')) {
            Some((host, port)) => (host, port.parse().map_err(|_| format!("{shape}: the port is no port"))?),
            None => (place, usual),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let decoded = |part: &str| percent_decode_str(part).decode_utf8().map(|part| part.into_owned());
        let (Ok(user), Ok(database)) = (decoded(user), decoded(database)) else { return Err(shape.into()) };
        if host.is_empty() || user.is_empty() || database.is_empty() || database.contains('/') {
            return Err(shape.into());
        }
        Ok(Self { engine, host, port, user, database })
    }

    /// Whether it is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        quietus_plugin::is_loopback(&self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, engine: Engine, parts: (&str, u16, &str, &str)) {
        let (host, port, user, database) = parts;
        let expected = Address { engine, host: host.into(), port, user: user.into(), database: database.into() };
        assert_eq!(Address::parse(url), Ok(expected));
    }

    #[track_caller]
    fn refused(url: &str, part: &str) {
        let error = Address::parse(url).expect_err("refused");
        assert!(error.contains(part), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_url_is_read() {
        check("postgres://q@db.example/shop", Engine::Postgres, ("db.example", 5432, "q", "shop"));
        check("postgresql://q@db.example:6543/shop", Engine::Postgres, ("db.example", 6543, "q", "shop"));
        check("mysql://q%40x@[::1]/sh%20op", Engine::Mysql, ("::1", 3306, "q@x", "sh op"));
        check("mysql://q@[::1]:3307/shop", Engine::Mysql, ("::1", 3307, "q", "shop"));
    }

    #[test]
    fn what_is_no_url_is_refused_without_being_repeated() {
        refused("hunter2", "write it as");
        refused("oracle://q@db/hunter2", "no other scheme");
        refused("postgres://q:hunter2@db/shop", "`password");
        refused("postgres://q@db/shop?password=hunter2", "without `?`");
        refused("postgres://db/shop", "write it as");
        refused("postgres://q@db", "write it as");
        refused("postgres://q@db:port/shop", "no port");
        refused("postgres://q@/shop", "write it as");
    }

    #[test]
    fn this_machine_is_known() {
        let there = |url| Address::parse(url).expect("a URL").is_loopback();
        assert!(there("mysql://q@127.0.0.1/x") && there("mysql://q@[::1]/x") && there("mysql://q@localhost/x"));
        assert!(!there("mysql://q@db.example/x"));
    }
}
