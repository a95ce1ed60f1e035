//! mpop's commands, and what becomes of them.

/// Commands that popget does without, or for which it has something else.
pub const WITHOUT: [(&str, &str); 8] = [
    (
        "eval",
        "popget runs nothing while it reads settings; write down what the command printed",
    ),
    (
        "socket",
        "popget reaches no server by a local socket; use tunnel with a command such as socat",
    ),
    ("ntlmdomain", "popget has no NTLM"),
    (
        "tls_crl_file",
        "popget reads no lists of revoked certificates",
    ),
    (
        "tls_priorities",
        "use tls_min_version, or the settings of the system's TLS library",
    ),
    ("tls_min_dh_prime_bits", "the system's TLS library decides"),
    ("tls_force_sslv3", "popget has no SSL 3"),
    (
        "killsize",
        "mpop deletes larger messages unread; popget never does: use max_size, which leaves \
                  them there",
    ),
];

/// Ways to log in that have the same names here.
pub const METHODS: [&str; 13] = [
    "plain",
    "scram-sha-1",
    "scram-sha-1-plus",
    "scram-sha-256",
    "scram-sha-256-plus",
    "apop",
    "cram-md5",
    "digest-md5",
    "login",
    "gssapi",
    "external",
    "oauthbearer",
    "xoauth2",
];

/// The commands that become keys.
pub const CARRIED: [&str; 26] = [
    "host",
    "port",
    "tls",
    "tls_starttls",
    "tls_trust_file",
    "tls_fingerprint",
    "tls_certcheck",
    "tls_cert_file",
    "tls_key_file",
    "tls_host_override",
    "auth",
    "user",
    "password",
    "passwordeval",
    "timeout",
    "proxy_host",
    "proxy_port",
    "source_ip",
    "pipelining",
    "keep",
    "only_new",
    "skipsize",
    "filter",
    "received_header",
    "delivery",
    "uidls_file",
];
