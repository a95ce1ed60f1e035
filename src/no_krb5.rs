//! Kerberos where popget was built without it: see `krb5`.

use crate::error::{Error, Result};

/// There is none.
pub fn has_ticket() -> bool {
    false
}

/// A security context that cannot be begun.
pub enum Context {}

impl Context {
    /// Says that popget was built without it.
    pub fn new(_host: &str) -> Result<Self> {
        Err(Error::NoKerberos(String::new()))
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
