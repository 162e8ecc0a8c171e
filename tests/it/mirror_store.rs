//! A store that fails, or does not do what it should: the mirror stays whole, and the next one ends well.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use jiff::SignedDuration;
use object_store::memory::InMemory;
use object_store::path::Path as Key;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use roundup::lake::Lake;
use roundup::mirror::{MirrorReader, MirrorSummary, publish, restore, verify};
use roundup::model::Result;
use roundup::objects::Objects;
use roundup::pipeline::MirrorPlan;

use crate::mirror::{Mirrored, is_whole};

/// What a store can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Put,
    Get,
    List,
    Delete,
}

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// 503, or a full disk: nothing is done.
    Refused,
    /// The connection breaks after it was done.
    Lost,
    /// 409 of another upload that did not end.
    Conflict,
    /// 412 without anything there.
    Precondition,
    /// The body ends early.
    Cut,
}

/// A store in memory, of which one call goes wrong.
#[derive(Debug)]
struct Faulty {
    inner: InMemory,
    call: Mutex<(Call, Fault)>,
    /// How many calls of its kind come before the one that goes wrong; negative when it is over.
    left: AtomicI64,
    /// How many go wrong then.
    times: AtomicI64,
    /// Whether a listing lacks the newest objects.
    lists_late: AtomicBool,
    /// What there was when listings became late.
    listed: Mutex<Vec<Key>>,
    keeps_versions: AtomicBool,
    puts: AtomicUsize,
}

impl Faulty {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            inner: InMemory::new(),
            call: Mutex::new((Call::Put, Fault::Refused)),
            left: AtomicI64::new(-1),
            times: AtomicI64::new(0),
            lists_late: AtomicBool::new(false),
            listed: Mutex::default(),
            keeps_versions: AtomicBool::new(false),
            puts: AtomicUsize::new(0),
        })
    }

    /// Lets some calls of a kind go wrong, after so many others.
    fn arm(&self, call: Call, fault: Fault, after: i64, times: i64) {
        *self.call.lock().unwrap() = (call, fault);
        self.times.store(times, Ordering::SeqCst);
        self.left.store(after, Ordering::SeqCst);
    }

    /// Whether the call that was to go wrong did.
    fn disarm(&self) -> bool {
        self.left.swap(i64::MAX, Ordering::SeqCst) < 0
    }

    fn fault(&self, call: Call) -> Option<Fault> {
        let (kind, fault) = *self.call.lock().unwrap();
        if kind != call || self.times.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let is_due = self.left.fetch_sub(1, Ordering::SeqCst) <= 0;
        (is_due && self.times.fetch_sub(1, Ordering::SeqCst) > 0).then_some(fault)
    }
}

fn error(fault: Fault, path: &Key) -> Error {
    let (path, source) = (path.to_string(), "as a test wants it".into());
    match fault {
        Fault::Conflict => Error::AlreadyExists { path, source },
        Fault::Precondition => Error::Precondition { path, source },
        _ => Error::Generic { store: "test", source: "503 Slow Down".into() },
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "a store that fails")
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, at: &Key, bytes: PutPayload, options: PutOptions) -> object_store::Result<PutResult> {
        self.puts.fetch_add(1, Ordering::SeqCst);
        match self.fault(Call::Put) {
            None => {}
            Some(Fault::Lost) => {
                self.inner.put_opts(at, bytes, options).await?;
                return Err(error(Fault::Lost, at));
            }
            Some(fault) => return Err(error(fault, at)),
        }
        let mut put = self.inner.put_opts(at, bytes, options).await?;
        put.version = self.keeps_versions.load(Ordering::SeqCst).then(|| "3".to_owned());
        Ok(put)
    }

    async fn put_multipart_opts(
        &self,
        at: &Key,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Key, options: GetOptions) -> object_store::Result<GetResult> {
        match self.fault(Call::Get) {
            None => self.inner.get_opts(at, options).await,
            Some(Fault::Cut) => {
                let got = self.inner.get_opts(at, options).await?;
                let (meta, range, attributes) = (got.meta.clone(), got.range.clone(), got.attributes.clone());
                let extensions = got.extensions.clone();
                let bytes = got.bytes().await?;
                let half: Vec<object_store::Result<Bytes>> = vec![Ok(bytes.slice(..bytes.len() / 2))];
                let payload = GetResultPayload::Stream(stream::iter(half).boxed());
                Ok(GetResult { payload, meta, range, attributes, extensions })
            }
            Some(fault) => Err(error(fault, at)),
        }
    }

    fn delete_stream(
        &self,
        places: BoxStream<'static, object_store::Result<Key>>,
    ) -> BoxStream<'static, object_store::Result<Key>> {
        if let Some(fault) = self.fault(Call::Delete) {
            return stream::iter([Err(error(fault, &Key::default()))]).boxed();
        }
        self.inner.delete_stream(places)
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        if let Some(fault) = self.fault(Call::List) {
            return stream::iter([Err(error(fault, &Key::default()))]).boxed();
        }
        let listed = self.lists_late.load(Ordering::SeqCst).then(|| self.listed.lock().unwrap().clone());
        let is_listed = move |meta: &object_store::Result<ObjectMeta>| {
            let is_known = |meta: &ObjectMeta| listed.as_ref().is_none_or(|listed| listed.contains(&meta.location));
            let is_listed = meta.as_ref().map_or(true, is_known);
            async move { is_listed }
        };
        self.inner.list(prefix).filter(is_listed).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Key>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Key, to: &Key, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// A lake, and a store for its mirror.
struct Bench {
    mirrored: Mirrored,
    store: Arc<Faulty>,
    objects: Objects,
}

impl Bench {
    fn new() -> Self {
        let (mirrored, store) = (Mirrored::new(), Faulty::new());
        let as_store: Arc<dyn ObjectStore> = store.clone();
        let objects = Objects::of(as_store, "memory://", mirrored.runtime.handle().clone());
        Self { mirrored, store, objects }
    }

    fn mirror(&self) -> Result<MirrorSummary> {
        let lake = Lake::open(&self.mirrored.path("lake")).unwrap();
        let plan = MirrorPlan { to: String::new(), withheld: Vec::new(), keep_old: SignedDuration::ZERO };
        publish(&lake, &self.objects, &plan, &|_, _| (), &|| true)
    }

    #[track_caller]
    fn is_right(&self) {
        let found = verify(&MirrorReader::open(&self.objects).unwrap(), &|_, _| ()).unwrap();
        assert_eq!(found, []);
    }
}

#[test]
fn a_store_that_fails_any_call_leaves_a_whole_mirror() {
    let bench = Bench::new();
    let mut before = Some(bench.mirror().unwrap().version);
    let faults = [
        (Call::Put, Fault::Refused),
        (Call::Put, Fault::Lost),
        (Call::Put, Fault::Conflict),
        (Call::Put, Fault::Precondition),
        (Call::Get, Fault::Refused),
        (Call::List, Fault::Refused),
        (Call::Delete, Fault::Refused),
    ];
    for (number, (call, fault)) in faults.into_iter().enumerate() {
        let mut failed = 0;
        // The first calls of a mirror, and then fewer and fewer of the many.
        for after in (0..).map(|step| (1 << step) - 1) {
            bench.mirrored.replace(&format!("{number} {after}"));
            bench.store.arm(call, fault, after, 1);
            let made = bench.mirror();
            if !bench.store.disarm() {
                made.unwrap();
                break;
            }
            failed += usize::from(made.is_err());
            let whole = is_whole(&bench.objects);
            assert!(whole >= before, "{call:?} {fault:?} {after}: {made:?}");
            before = Some(bench.mirror().unwrap().version);
        }
        bench.is_right();
        assert!(failed > 0, "{call:?} {fault:?}");
    }
}

#[test]
fn a_body_that_is_cut_is_read_again_and_given_up_in_the_end() {
    let bench = Bench::new();
    bench.mirror().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let key = bench.mirrored.path("lake/_roundup/candidate.key");
    let mirror = MirrorReader::open(&bench.objects).unwrap();
    bench.store.arm(Call::Get, Fault::Cut, 3, 2);
    restore(&mirror, &folder.path().join("once"), Some(&key), &|_, _| ()).unwrap();
    assert!(bench.store.disarm());
    bench.store.arm(Call::Get, Fault::Cut, 3, i64::MAX);
    let given_up = restore(&mirror, &folder.path().join("always"), Some(&key), &|_, _| ()).unwrap_err();
    bench.store.disarm();
    assert!(given_up.to_string().contains("cannot read memory:///delta/"), "{given_up}");
    assert!(given_up.to_string().contains("it ends after"), "{given_up}");
    let lake = Lake::open(&folder.path().join("always")).unwrap();
    assert!(lake.version().unwrap_err().to_string().contains("is not restored to its end"));
    bench.store.times.store(0, Ordering::SeqCst);
    restore(&mirror, &folder.path().join("always"), Some(&key), &|_, _| ()).unwrap();
}

#[test]
fn a_store_that_lists_late_gets_nothing_twice_and_loses_nothing() {
    let bench = Bench::new();
    bench.mirror().unwrap();
    bench.mirrored.replace("one");
    // From now on listings do not show what is new.
    let names = bench.objects.list("").unwrap();
    *bench.store.listed.lock().unwrap() = names.iter().map(|listed| Key::parse(&listed.name).unwrap()).collect();
    bench.store.lists_late.store(true, Ordering::SeqCst);
    let first = bench.mirror().unwrap();
    assert!(first.files > 0);
    bench.is_right();
    let again = bench.mirror().unwrap();
    assert_eq!((again.files, again.version), (0, first.version));
    bench.mirrored.replace("two");
    bench.mirror().unwrap();
    bench.is_right();
    bench.store.lists_late.store(false, Ordering::SeqCst);
    bench.mirror().unwrap();
    bench.is_right();
}

#[test]
fn a_store_says_that_it_keeps_versions() {
    let bench = Bench::new();
    bench.mirror().unwrap();
    assert!(!bench.objects.keeps_versions());
    bench.store.keeps_versions.store(true, Ordering::SeqCst);
    bench.mirrored.replace("late");
    bench.mirror().unwrap();
    assert!(bench.objects.keeps_versions());
}

#[test]
fn nothing_new_is_written_when_there_is_nothing_new() {
    let bench = Bench::new();
    bench.mirror().unwrap();
    let puts = bench.store.puts.load(Ordering::SeqCst);
    bench.mirror().unwrap();
    assert_eq!(bench.store.puts.load(Ordering::SeqCst), puts);
}
