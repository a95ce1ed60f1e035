//! What a domain says of itself in DNS: where its POP servers are (RFC 6186, RFC 8314), and who
//! takes its mail.

use super::providers::Provider;
use super::{Address, Offer};
use crate::error::Result;
use crate::net::{look_up_records as look_up, Kind, Patience, Record, TlsMode};

/// A service, and how its servers use TLS; the one that is wanted most comes first.
pub const SERVICES: [(&str, TlsMode); 2] = [
    ("_pop3s._tcp", TlsMode::Implicit),
    ("_pop3._tcp", TlsMode::StartTls),
];

/// What a domain says of a service.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing.
    Nothing,
    /// That it does not have it.
    Denied,
    /// That it is here.
    Here(Vec<Offer>),
}

/// Asks where the servers of a service are.
pub fn servers(address: &Address, service: (&str, TlsMode), patience: &Patience) -> Result<Said> {
    let name = format!("{}.{}", service.0, address.domain);
    let records = look_up(&name, Kind::Srv, patience)?;
    Ok(said(records, service.1))
}

fn said(records: Vec<Record>, tls: TlsMode) -> Said {
    let denied = records.iter().any(|record| record.target.is_empty());
    let here = records
        .into_iter()
        .filter(|record| record.port != 0 && !record.target.is_empty());
    let here: Vec<Offer> = here
        .map(|record| Offer::new(record.target, record.port, tls))
        .collect();
    match (here.is_empty(), denied) {
        (false, _) => Said::Here(here),
        (true, true) => Said::Denied,
        (true, false) => Said::Nothing,
    }
}

/// Asks who takes the mail of a domain, and gives the first that is one of the great providers, with
/// the host that tells.
pub fn provider(
    address: &Address,
    patience: &Patience,
) -> Result<Option<(&'static Provider, String)>> {
    let records = look_up(&address.domain, Kind::Mx, patience)?;
    let mut hosts = records.into_iter().map(|record| record.target);
    Ok(hosts.find_map(|host| Some((Provider::behind(&host)?, host))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_somewhere_or_denied_or_not_spoken_of() {
        let record = |target: &str, port| Record {
            priority: 0,
            weight: 0,
            port,
            target: target.into(),
        };
        let said = |records| super::said(records, TlsMode::Implicit);
        assert_eq!(said(vec![]), Said::Nothing);
        assert_eq!(said(vec![record("", 0)]), Said::Denied);
        assert_eq!(said(vec![record("pop.example", 0)]), Said::Nothing);
        let here = Offer::new("pop.example".into(), 1995, TlsMode::Implicit);
        let records = vec![record("", 0), record("pop.example", 1995)];
        assert_eq!(said(records), Said::Here(vec![here]));
    }
}
