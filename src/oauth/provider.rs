//! Providers, as data: where they are asked, what for, and how.

use super::Flow;

/// A provider that is known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Microsoft: Outlook.com and Microsoft 365.
    Microsoft,
    /// Google: Gmail and Workspace.
    Google,
}

/// Where a provider is asked, and in which manner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Where somebody signs in with a browser.
    pub auth: Option<String>,
    /// Where tokens are had.
    pub token: String,
    /// Where a code for another device is had.
    pub device: Option<String>,
    /// By which name browsers are sent back to this machine, as the provider wants it registered.
    pub back: &'static str,
    /// What else stands in the address at which somebody signs in.
    pub extras: &'static [(&'static str, &'static str)],
}

impl Endpoints {
    /// Those that are named one by one.
    pub fn named(token: String) -> Self {
        Self {
            auth: None,
            token,
            device: None,
            back: "127.0.0.1",
            extras: &[],
        }
    }
}

impl Provider {
    /// The providers with their names.
    pub const ALL: [(&'static str, Self); 2] =
        [("microsoft", Self::Microsoft), ("google", Self::Google)];

    /// Where it is asked; at Microsoft for the accounts of this tenant.
    pub fn endpoints(self, tenant: &str) -> Endpoints {
        match self {
            Self::Microsoft => {
                let below = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0");
                Endpoints {
                    auth: Some(format!("{below}/authorize")),
                    device: Some(format!("{below}/devicecode")),
                    token: format!("{below}/token"),
                    // Its pages take no address of numbers, and any port of this name.
                    back: "localhost",
                    extras: &[],
                }
            }
            Self::Google => Endpoints {
                auth: Some("https://accounts.google.com/o/oauth2/v2/auth".into()),
                token: "https://oauth2.googleapis.com/token".into(),
                // Its codes for other devices are good for other things than mail.
                device: None,
                back: "127.0.0.1",
                // Without these it gives a refresh token once only, or never.
                extras: &[("access_type", "offline"), ("prompt", "consent")],
            },
        }
    }

    /// What is asked for.
    pub fn scope(self) -> &'static str {
        match self {
            Self::Microsoft => "https://outlook.office.com/POP.AccessAsUser.All offline_access",
            Self::Google => "https://mail.google.com/",
        }
    }

    /// How somebody signs in there, if nothing else is said.
    pub fn flow(self) -> Flow {
        match self {
            Self::Microsoft => Flow::Device,
            Self::Google => Flow::Loopback,
        }
    }
}
