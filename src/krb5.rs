//! Kerberos by the system's GSSAPI library (RFC 2743, 2744), which is looked for when it is needed:
//! popget runs without it. The only file with foreign calls. What the library does on its own, such
//! as asking a KDC, keeps its own time; our time-outs begin again when it is done.
#![allow(unsafe_code)]

use crate::error::{Error, Result};
use libloading::Library;
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::ptr::{null, null_mut};

/// Whether popget was built with Kerberos.
pub const BUILT_IN: bool = true;

/// What the library is called: MIT's and Heimdal's on Linux, then as other systems have it.
const LIBRARIES: &[&str] = &[
    "libgssapi_krb5.so.2",
    "libgssapi.so.3",
    "libgssapi.so",
    "/System/Library/Frameworks/GSS.framework/GSS",
];

/// Kerberos V5 (RFC 1964): 1.2.840.113554.1.2.2.
const KERBEROS: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
/// A service at a host (RFC 2743, section 4.1): 1.2.840.113554.1.2.1.4.
const HOST_SERVICE: [u8; 10] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x01, 0x04];

/// GSS_S_CONTINUE_NEEDED.
const CONTINUE: u32 = 1;
/// The part of a major status that tells an error.
const ERROR: u32 = 0xffff_0000;
/// GSS_S_NO_CRED and GSS_S_CREDENTIALS_EXPIRED.
const NO_TICKET: [u32; 2] = [7 << 16, 11 << 16];
/// GSS_C_MUTUAL_FLAG and GSS_C_INTEG_FLAG.
const WANTED: u32 = 2 | 32;
/// GSS_C_INITIATE.
const INITIATE: i32 = 1;

/// What Kerberos says in its own numbers (krb5_err.et), and what it comes to.
const KNOWN: [(i32, Trouble); 8] = [
    (-1_765_328_352, Trouble::Ticket),  // KRB5KRB_AP_ERR_TKT_EXPIRED
    (-1_765_328_189, Trouble::Ticket),  // KRB5_FCC_NOFILE
    (-1_765_328_243, Trouble::Ticket),  // KRB5_CC_NOTFOUND
    (-1_765_328_228, Trouble::Away),    // KRB5_KDC_UNREACH
    (-1_765_328_230, Trouble::Away),    // KRB5_REALM_UNKNOWN
    (-1_765_328_164, Trouble::Away),    // KRB5_REALM_CANT_RESOLVE
    (-1_765_328_355, Trouble::Away),    // KRB5KDC_ERR_SVC_UNAVAILABLE
    (-1_765_328_377, Trouble::Service), // KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN
];

/// What may be wrong with Kerberos.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Ticket,
    Away,
    Service,
}

#[repr(C)]
struct Buffer {
    length: usize,
    value: *mut c_void,
}

#[cfg_attr(target_vendor = "apple", repr(C, packed(2)))]
#[cfg_attr(not(target_vendor = "apple"), repr(C))]
struct Oid {
    length: u32,
    elements: *const c_void,
}

#[cfg_attr(target_vendor = "apple", repr(C, packed(2)))]
#[cfg_attr(not(target_vendor = "apple"), repr(C))]
struct OidSet {
    count: usize,
    elements: *const Oid,
}

type Handle = *mut c_void;
type Minor = *mut u32;
type ImportName = unsafe extern "C" fn(Minor, *const Buffer, *const Oid, *mut Handle) -> u32;
type InitSecContext = unsafe extern "C" fn(
    Minor,
    Handle,
    *mut Handle,
    Handle,
    *const Oid,
    u32,
    u32,
    *const c_void,
    *const Buffer,
    *mut *const Oid,
    *mut Buffer,
    *mut u32,
    *mut u32,
) -> u32;
type Wrap =
    unsafe extern "C" fn(Minor, Handle, i32, u32, *const Buffer, *mut i32, *mut Buffer) -> u32;
type Unwrap =
    unsafe extern "C" fn(Minor, Handle, *const Buffer, *mut Buffer, *mut i32, *mut u32) -> u32;
type DisplayStatus =
    unsafe extern "C" fn(Minor, u32, i32, *const Oid, *mut u32, *mut Buffer) -> u32;
type AcquireCred = unsafe extern "C" fn(
    Minor,
    Handle,
    u32,
    *const OidSet,
    i32,
    *mut Handle,
    *mut *mut c_void,
    *mut u32,
) -> u32;
type ReleaseBuffer = unsafe extern "C" fn(Minor, *mut Buffer) -> u32;
type ReleaseHandle = unsafe extern "C" fn(Minor, *mut Handle) -> u32;
type DeleteContext = unsafe extern "C" fn(Minor, *mut Handle, *mut Buffer) -> u32;

/// The functions of the library.
struct Api {
    import_name: ImportName,
    init_sec_context: InitSecContext,
    wrap: Wrap,
    unwrap: Unwrap,
    display_status: DisplayStatus,
    acquire_cred: AcquireCred,
    release_buffer: ReleaseBuffer,
    release_name: ReleaseHandle,
    release_cred: ReleaseHandle,
    delete_sec_context: DeleteContext,
    /// Never unloaded: it keeps threads' data of its own.
    _library: ManuallyDrop<Library>,
}

/// Whether there is a ticket of which the library knows that it is good for now.
pub fn has_ticket() -> bool {
    let Ok(api) = Api::load(LIBRARIES) else {
        return false;
    };
    let oid = oid(&KERBEROS);
    let set = OidSet {
        count: 1,
        elements: &oid,
    };
    let (mut minor, mut credential, mut seconds) = (0, null_mut(), 0);
    // SAFETY: the pointers are to locals that outlive the call; null stands for what is not wanted,
    // as RFC 2744, section 5.2 allows.
    let major = unsafe {
        (api.acquire_cred)(
            &mut minor,
            null_mut(),
            u32::MAX,
            &set,
            INITIATE,
            &mut credential,
            null_mut(),
            &mut seconds,
        )
    };
    // SAFETY: the credential came from the call above, or is null, which is let go as well.
    unsafe { (api.release_cred)(&mut minor, &mut credential) };
    major & ERROR == 0 && seconds > 0
}

/// A security context that we begin, with a service at a host.
pub struct Context {
    api: Api,
    service: String,
    name: Handle,
    context: Handle,
    complete: bool,
}

impl Context {
    /// Begins one with `pop@host`.
    pub fn new(host: &str) -> Result<Self> {
        let api = Api::load(LIBRARIES)?;
        let service = format!("pop@{host}");
        let text = Buffer {
            length: service.len(),
            value: service.as_ptr() as *mut c_void,
        };
        let (mut minor, mut name) = (0, null_mut());
        // SAFETY: the text is read only, and it and the locals outlive the call.
        let major = unsafe {
            let kind = oid(&HOST_SERVICE);
            (api.import_name)(&mut minor, &text, &kind, &mut name)
        };
        let context = Self {
            api,
            service,
            name,
            context: null_mut(),
            complete: false,
        };
        context.check(major, minor)?;
        Ok(context)
    }

    /// Whether both sides have proved themselves.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Takes the server's token, an empty one first, and gives ours, which may be empty in the end.
    pub fn step(&mut self, token: &[u8]) -> Result<Vec<u8>> {
        let (mut minor, mut flags, mut output) = (0, 0, Buffer::empty());
        let input = Buffer::of(token);
        let mechanism = oid(&KERBEROS);
        // SAFETY: name and context are the library's own or null; everything else is local and
        // outlives the call; the output is taken and let go below.
        let major = unsafe {
            (self.api.init_sec_context)(
                &mut minor,
                null_mut(),
                &mut self.context,
                self.name,
                &mechanism,
                WANTED,
                0,
                null(),
                &input,
                null_mut(),
                &mut output,
                &mut flags,
                null_mut(),
            )
        };
        let answer = self.take(output);
        self.check(major, minor)?;
        self.complete = major & CONTINUE == 0;
        if self.complete && flags & WANTED != WANTED {
            return Err(Error::Unproven);
        }
        Ok(answer)
    }

    /// What the server protected.
    pub fn unwrap(&mut self, wrapped: &[u8]) -> Result<Vec<u8>> {
        let (mut minor, mut output) = (0, Buffer::empty());
        let input = Buffer::of(wrapped);
        // SAFETY: as for `step`; the context is complete, or the library says so.
        let major = unsafe {
            let (confidential, quality) = (null_mut(), null_mut());
            let (api, context) = (&self.api, self.context);
            (api.unwrap)(
                &mut minor,
                context,
                &input,
                &mut output,
                confidential,
                quality,
            )
        };
        let plain = self.take(output);
        self.check(major, minor)?;
        Ok(plain)
    }

    /// What we say, protected against change, not against being read.
    pub fn wrap(&mut self, plain: &[u8]) -> Result<Vec<u8>> {
        let (mut minor, mut output) = (0, Buffer::empty());
        let input = Buffer::of(plain);
        // SAFETY: as for `unwrap`.
        let major = unsafe {
            let (api, context) = (&self.api, self.context);
            (api.wrap)(&mut minor, context, 0, 0, &input, null_mut(), &mut output)
        };
        let wrapped = self.take(output);
        self.check(major, minor)?;
        Ok(wrapped)
    }

    /// The bytes of a buffer of the library's, which is let go.
    fn take(&self, mut buffer: Buffer) -> Vec<u8> {
        let mut bytes = Vec::new();
        if !buffer.value.is_null() {
            // SAFETY: the library gave this many bytes there, and nobody else changes them.
            bytes =
                unsafe { std::slice::from_raw_parts(buffer.value.cast(), buffer.length) }.to_vec();
        }
        let mut minor = 0;
        // SAFETY: the buffer is the library's, or empty, and not used any more.
        unsafe { (self.api.release_buffer)(&mut minor, &mut buffer) };
        bytes
    }

    /// Tells what went wrong, if anything did.
    fn check(&self, major: u32, minor: u32) -> Result<()> {
        if major & ERROR == 0 {
            return Ok(());
        }
        // The numbers of Kerberos are negative ones in unsigned clothes.
        let number = i32::from_ne_bytes(minor.to_ne_bytes());
        let known = KNOWN.iter().find(|(known, _)| *known == number);
        let said = match self.words(2, minor) {
            said if said.is_empty() || minor == 0 => self.words(1, major),
            said => said,
        };
        let service = self.service.clone();
        Err(match known.map(|(_, trouble)| *trouble) {
            Some(Trouble::Ticket) => Error::NoTicket(said),
            _ if NO_TICKET.contains(&(major & ERROR)) => Error::NoTicket(said),
            Some(Trouble::Away) => Error::KerberosAway(said),
            Some(Trouble::Service) => Error::NoKerberosService { service, said },
            None => Error::KerberosFailed { service, said },
        })
    }

    /// A status in the library's words: of kind 1 the calls', of kind 2 Kerberos's own.
    fn words(&self, kind: i32, status: u32) -> Vec<u8> {
        let (mut minor, mut more, mut output) = (0, 0, Buffer::empty());
        let mechanism = oid(&KERBEROS);
        // SAFETY: everything is local and outlives the call.
        unsafe {
            let display = self.api.display_status;
            display(&mut minor, status, kind, &mechanism, &mut more, &mut output);
        }
        self.take(output)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: both are the library's own, or null, and not used any more.
        unsafe {
            (self.api.delete_sec_context)(&mut minor, &mut self.context, null_mut());
            (self.api.release_name)(&mut minor, &mut self.name);
        }
    }
}

impl Buffer {
    fn empty() -> Self {
        Self {
            length: 0,
            value: null_mut(),
        }
    }

    /// Bytes for the library to read, while they are there.
    fn of(bytes: &[u8]) -> Self {
        Self {
            length: bytes.len(),
            value: bytes.as_ptr() as *mut c_void,
        }
    }
}

fn oid(bytes: &'static [u8]) -> Oid {
    Oid {
        length: bytes.len() as u32,
        elements: bytes.as_ptr().cast(),
    }
}

impl Api {
    /// Loads the first of these libraries that is there.
    fn load(names: &[&str]) -> Result<Self> {
        // SAFETY: loading runs the library's own initialisation, which is made for that.
        let library = names
            .iter()
            .find_map(|name| unsafe { Library::new(name) }.ok());
        let missing = || Error::NoKerberos(names.join(", "));
        let library = library.ok_or_else(missing)?;
        // SAFETY: the types are those of RFC 2744, appendix A, which all these libraries keep to;
        // the functions live as long as the library, which is never unloaded.
        unsafe { Self::find(library).map_err(|_: libloading::Error| missing()) }
    }

    /// # Safety
    /// The library must be a GSSAPI library.
    unsafe fn find(library: Library) -> Result<Self, libloading::Error> {
        Ok(Self {
            import_name: *library.get(b"gss_import_name\0")?,
            init_sec_context: *library.get(b"gss_init_sec_context\0")?,
            wrap: *library.get(b"gss_wrap\0")?,
            unwrap: *library.get(b"gss_unwrap\0")?,
            display_status: *library.get(b"gss_display_status\0")?,
            acquire_cred: *library.get(b"gss_acquire_cred\0")?,
            release_buffer: *library.get(b"gss_release_buffer\0")?,
            release_name: *library.get(b"gss_release_name\0")?,
            release_cred: *library.get(b"gss_release_cred\0")?,
            delete_sec_context: *library.get(b"gss_delete_sec_context\0")?,
            _library: ManuallyDrop::new(library),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_not_there_is_named() {
        let missing = Api::load(&["libnowhere.so.1", "libnothing.so.2"]).err();
        let Some(Error::NoKerberos(names)) = missing else {
            panic!("it was found");
        };
        assert_eq!(names, "libnowhere.so.1, libnothing.so.2");
    }

    #[test]
    fn another_library_is_not_taken_for_it() {
        assert!(Api::load(&["libc.so.6"]).is_err());
    }
}
