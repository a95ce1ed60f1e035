//! Kerberos where popget was built without it: see `krb5`.

use crate::error::{Error, Result};

/// Whether popget was built with Kerberos.
pub const BUILT_IN: bool = false;

/// There is none.
pub fn has_ticket() -> bool {
    false
}

/// A security context that cannot be begun.
pub enum Context {}

impl Context {
    /// Never asked: there is no ticket, and the settings cannot name it.
    pub fn new(_host: &str) -> Result<Self> {
        Err(Error::Bug("Kerberos was wanted without being there".into()))
    }

    /// Never asked.
    pub fn is_complete(&self) -> bool {
        match *self {}
    }

    /// Never asked.
    pub fn step(&mut self, _token: &[u8]) -> Result<Vec<u8>> {
        match *self {}
    }

    /// Never asked.
    pub fn unwrap(&mut self, _wrapped: &[u8]) -> Result<Vec<u8>> {
        match *self {}
    }

    /// Never asked.
    pub fn wrap(&mut self, _plain: &[u8]) -> Result<Vec<u8>> {
        match *self {}
    }
}
