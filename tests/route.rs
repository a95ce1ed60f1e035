//! How a server is reached: which address, which server, through what, and without a file.

mod addresses;
mod one_off;
mod proxy;
mod servers;
mod tunnel;
