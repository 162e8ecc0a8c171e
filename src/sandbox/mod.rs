//! The vendor's API on this machine, with made-up interviews: for a first try, for tests and for measurements.
//!
//! It is a real server on real sockets, and as strict as the vendor documents: it requires the key, counts every
//! request and refuses those over the limit. It has two listeners, because recordings are on a different host from the
//! API. It only listens on loopback.

mod ats;
mod audio;
mod contrast;
mod faults;
mod ids;
mod interviews;
mod links;
mod material;
mod random;
mod recombine;
mod response;
mod sample;
mod serve;
mod state;
mod stats;
mod text;
mod webhooks;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::http::pace::limiter::Limiter;

pub use crate::http::pace::limiter::WindowKind;
pub use ats::{AtsFault, AtsWrite};
pub use contrast::Contrasts;
pub use faults::{ApiFault, Faults};
pub use stats::Stats;
pub use webhooks::{SentEvents, WebhookFault, Webhooks};

/// The default key of a sandbox. It is valid nowhere else.
pub const DEFAULT_KEY: &str = "rz_live_5a4db05a4db05a4db05a4db05a4db05a4db05a4db05a4db05a4db05a4db0";

/// How long answers under way may take after the sandbox is stopped, in addition to its latency.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Settings of a sandbox. It has no `Debug` because it contains a key, which may be a real one.
#[derive(Clone)]
pub struct SandboxOptions {
    /// Address on which the API listens; port 0 for any free port. It must be loopback. Recordings take any free port
    /// of the same address.
    pub addr: SocketAddr,
    /// Number of interviews: first those of the sample, then further ones made from `seed`. `None` for just the sample.
    pub interviews: Option<usize>,
    /// Seed of the further interviews: the same seed makes the same ones.
    pub seed: u64,
    /// Requests per window; `None` for no limit and no headers about one.
    pub limit: Option<u32>,
    pub window: WindowKind,
    pub window_length: Duration,
    /// Delay of every answer of the API. Answers do not wait for each other.
    pub latency: Duration,
    /// The key that requests must have. With `-suspended` appended, it is the key of an account without API access.
    pub key: String,
    /// Further keys of the same account. Each has a limit of its own.
    pub more_keys: Vec<String>,
    /// Faults of the API and of recordings, if any.
    pub faults: Option<Faults>,
    /// What is planted in the interviews, so that a report has something to find.
    pub contrasts: Contrasts,
    /// Faults of the applicant tracking systems, given in turn to one candidate in three.
    pub ats_faults: Vec<AtsFault>,
}

impl Default for SandboxOptions {
    /// The sample with the vendor's default limit, 100 requests a minute, on any free port.
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            interviews: None,
            seed: 1,
            limit: Some(100),
            window: WindowKind::Sliding,
            window_length: Duration::from_mins(1),
            latency: Duration::ZERO,
            key: DEFAULT_KEY.to_owned(),
            more_keys: Vec::new(),
            faults: None,
            contrasts: Contrasts::default(),
            ats_faults: Vec::new(),
        }
    }
}

/// A running sandbox. It stops when it is dropped, but only [`Sandbox::stop`] waits for that.
pub struct Sandbox {
    addr: SocketAddr,
    seed: u64,
    api: Arc<state::SandboxApi>,
    systems: Arc<ats::Systems>,
    /// Both servers run until this is dropped.
    running: watch::Sender<()>,
    servers: [JoinHandle<io::Result<()>>; 2],
}

/// Starts a sandbox on the current Tokio runtime. It answers as soon as this returns.
///
/// # Errors
/// When the address is not loopback or cannot be listened on, or when the window has no length.
pub async fn start(options: SandboxOptions) -> io::Result<Sandbox> {
    let refuse = |message| Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    if !options.addr.ip().is_loopback() {
        return refuse(format!("the sandbox listens on loopback only, and {} is not", options.addr.ip()));
    }
    if options.window_length.is_zero() {
        return refuse("the window length of the rate limit is zero".to_owned());
    }
    let listener = TcpListener::bind(options.addr).await?;
    let audio_listener = TcpListener::bind((options.addr.ip(), 0)).await?;
    let addr = listener.local_addr()?;
    let audio_addr = audio_listener.local_addr()?;
    let links = links::LinkSigner::new(audio_addr, &options.key);
    let keys: Vec<String> = std::iter::once(options.key).chain(options.more_keys).collect();
    let limiter = |_: &String| options.limit.map(|limit| Limiter::new(limit, options.window, options.window_length));
    let limiters = keys.iter().filter_map(limiter).collect();
    let counter = stats::RequestCounter::new(options.window_length, keys.len());
    let api = Arc::new(state::SandboxApi {
        interviews: interviews::Interviews::new(options.interviews, options.seed, options.contrasts),
        keys,
        latency: options.latency,
        faults: options.faults,
        elsewhere: format!("http://{audio_addr}/elsewhere"),
        links,
        started: Instant::now(),
        state: Mutex::new(state::RequestState { limiters, counter }),
    });
    let systems = Arc::new(ats::Systems::new(api.interviews.clone(), options.ats_faults));
    let router = serve::router(Arc::clone(&api)).merge(ats::router(Arc::clone(&systems)));
    let (running, stopped) = watch::channel(());
    let servers = [
        tokio::spawn(run(listener, router, stopped.clone())),
        tokio::spawn(run(audio_listener, audio::router(Arc::clone(&api)), stopped)),
    ];
    tracing::debug!(%addr, "sandbox listening on {addr}");
    Ok(Sandbox { addr, seed: options.seed, api, systems, running, servers })
}

/// Serves until the sender of `stopped` is dropped, then lets the answers under way finish.
async fn run(listener: TcpListener, router: Router, mut stopped: watch::Receiver<()>) -> io::Result<()> {
    // Without it, an answer in two writes waits for the client's delayed acknowledgement, 40 ms each time.
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    axum::serve(listener, router).with_graceful_shutdown(async move { while stopped.changed().await.is_ok() {} }).await
}

impl Sandbox {
    /// The address on which the API listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base URL of the API, for a client to use in place of the vendor's.
    pub fn base_url(&self) -> String {
        format!("http://{}/api/v1", self.addr)
    }

    /// The ids of all interviews: the sample's in its order, then the further ones.
    pub fn ids(&self) -> impl Iterator<Item = String> + use<> {
        self.api.interviews.ids()
    }

    /// Sends the events of all interviews to a webhook, as the vendor does.
    ///
    /// # Errors
    /// When the HTTP client cannot be made. Requests without an answer are counted.
    pub async fn send_events(&self, webhooks: &Webhooks) -> io::Result<SentEvents> {
        webhooks::send(webhooks, &self.api.interviews, self.seed).await
    }

    /// Notes and files written to the applicant tracking systems so far.
    pub fn written(&self) -> Vec<AtsWrite> {
        self.systems.written()
    }

    /// Counts so far.
    pub fn stats(&self) -> Stats {
        self.api.stats()
    }

    /// Stops listening and waits for the answers under way, at most for five seconds and the latency.
    pub async fn stop(self) {
        drop(self.running);
        let deadline = tokio::time::Instant::now() + STOP_WITHIN + self.api.latency;
        for mut server in self.servers {
            if tokio::time::timeout_at(deadline, &mut server).await.is_err() {
                server.abort();
            }
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sandbox").field("addr", &self.addr).finish_non_exhaustive()
    }
}
