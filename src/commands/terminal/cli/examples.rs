//! The end of each command's help: what is typed most.

pub const RUN: &str = "\
Examples:
  Try it: made-up interviews, on this machine alone
    roundup run builtin:demo
  From cron, which mails what is printed
    roundup --quiet run /srv/roundup/nightly.toml
  Only write the report again
    roundup run nightly.toml --only report
  See what would be asked for, and ask nothing
    roundup run nightly.toml --dry-run";

pub const INGEST: &str = "\
Examples:
  Fetch what a list of ids names; the key is in ROUNDZERO_API_KEY
    roundup ingest --lake lake ids.txt
  Ids from a column of a CSV file
    roundup ingest --lake lake interviews.csv --column interview_id
  What `roundup listen` received
    roundup ingest --lake lake inbox";

pub const IMPORT: &str = "\
Examples:
  Load what you have from before
    roundup import --lake lake interviews.jsonl.gz
  From another program
    cat interviews.jsonl | roundup import --lake lake -";

pub const GET: &str = "\
Examples:
  Read one interview, from the lake if it is settled there
    roundup get --lake lake 660f9511-f30c-52e5-b827-557766551111
  Its questions, for a program
    roundup get --questions --format json 660f9511-f30c-52e5-b827-557766551111";

pub const WAIT: &str = "\
Examples:
  Look every two minutes, for a day at most
    roundup wait --every 2m --max-wait 24h 660f9511-f30c-52e5-b827-557766551111";

pub const ANALYZE: &str = "\
Examples:
  Make what is new or changed
    roundup analyze --lake lake --keywords builtin:engineering our-own.toml
  See what would be made again, and why
    roundup analyze --lake lake --keywords builtin:engineering --explain
  On several machines that see the lake: list, do, collect
    roundup analyze --lake lake --keywords builtin:engineering --list-work > units.jsonl
    roundup analyze --keywords builtin:engineering --work-from units.jsonl > results.jsonl
    roundup analyze --lake lake --collect results.jsonl";

pub const REPORT: &str = "\
Examples:
  The last four weeks
    roundup report --lake lake --period 4w
  One department, without quotes, as a spreadsheet
    roundup report --lake lake --department Engineering --no-quotes --formats xlsx";

pub const EXPORT: &str = "\
Examples:
  A table for a spreadsheet
    roundup export --lake lake --format xlsx --output interviews.xlsx
  The answers of one job, for a program
    roundup export --lake lake --format jsonl --what responses --job 'Data Engineer'";

pub const DISCOVER: &str = "\
Examples:
  What candidates of one job say more, or less, than others
    roundup discover --lake lake --job 'Site Reliability Engineer'
  What is new this month
    roundup discover --lake lake --against previous --from 2026-05-01 --until 2026-06-01
  A keyword set of the findings, to be edited
    roundup discover --lake lake --job 'Site Reliability Engineer' --draft draft.toml";

pub const SEARCH: &str = "\
Examples:
  Each mention among its neighbours
    roundup search --lake lake kubernetes 'on call' 'team NEAR/3 lead'
  How often, by job
    roundup search --lake lake kubernetes --by job
  A pattern, written to a file
    roundup search --lake lake '/k8s|kubernetes/i' --output mentions.csv";

pub const AUDIO: &str = "\
Examples:
  See how many recordings are missing, and how long they take
    roundup audio --lake lake --out recordings --dry-run
  Archive those since May
    roundup audio --lake lake --out recordings --from 2026-05-01";

pub const ATS: &str = "\
Examples:
  See the requests, and send nothing
    roundup ats --lake lake --connector connector.toml --dry-run
  Send what is new
    roundup ats --lake lake --connector connector.toml
  Try again what was given up
    roundup ats --lake lake --connector connector.toml --retry-dead";

pub const CHECK: &str = "\
Examples:
  Look whether a file is right, and what a run would do
    roundup check nightly.toml";

pub const STATUS: &str = "\
Examples:
  What is open and due, and how the last run ended
    roundup status --lake lake
  Read every byte; ends with 1 if anything is wrong
    roundup status --lake lake --check";

pub const JOBS: &str = "\
Examples:
  Ids and titles, as --job takes them
    roundup jobs --lake lake";

pub const FILES: &str = "\
Examples:
  The files of a table, for a program
    roundup files interviews --lake lake --format json
  What has changed since version 41
    roundup files responses --lake lake --since 41";

pub const REPAIR: &str = "\
Examples:
  See what would be done, then do it
    roundup repair --lake lake --dry-run
    roundup repair --lake lake";

pub const COMPACT: &str = "\
Examples:
  See what would be done, then do it
    roundup compact --lake lake --dry-run
    roundup compact --lake lake";

pub const FORGET: &str = "\
Examples:
  See what there is of a person, and change nothing
    roundup forget --lake lake --candidate jane@example.com --dry-run
  Erase it all, and look through every byte that is left
    roundup forget --lake lake --candidate jane@example.com --yes --verify
  One interview alone
    roundup forget --lake lake --interview 660f9511-f30c-52e5-b827-557766551111
  Look again later, and in a folder of copies, too
    roundup forget --lake lake --candidate jane@example.com --verify --reports copies";

pub const RETAIN: &str = "\
Examples:
  See what is older than a year, and change nothing
    roundup retain --lake lake --transcripts-days 365 --dry-run
  Recordings for a month, names for half a year, interviews for three years
    roundup retain --lake lake --audio-days 30 --candidates-days 180 --interviews-days 1095 --yes";

pub const MIRROR: &str = "\
Examples:
  Copy what is new, without names and addresses
    roundup mirror --lake lake --to s3://bucket/lake --exclude-table candidates
  Read every byte there
    roundup mirror --lake lake --to s3://bucket/lake --verify";

pub const RESTORE: &str = "\
Examples:
  Make a lake of a mirror; the candidate key is in no mirror
    roundup restore --from s3://bucket/lake --lake lake --candidate-key-file candidate.key";

pub const LEDGER_REBUILD: &str = "\
Examples:
  After a message that the ledger cannot be used
    roundup ledger rebuild --lake lake";

pub const QUARANTINE_LIST: &str = "\
Examples:
  What is set aside, and why
    roundup quarantine list --lake lake";

pub const QUARANTINE_SHOW: &str = "\
Examples:
  Read a body as it came
    roundup quarantine show --lake lake 660f9511-f30c-52e5-b827-557766551111";

pub const QUARANTINE_RETRY: &str = "\
Examples:
  After an update of roundup
    roundup quarantine retry --lake lake --all";

pub const QUARANTINE_DISCARD: &str = "\
Examples:
  Delete one body for good
    roundup quarantine discard --lake lake 660f9511-f30c-52e5-b827-557766551111";

pub const KEYWORDS_LIST: &str = "\
Examples:
  The sets that ship
    roundup keywords list";

pub const KEYWORDS_LINT: &str = "\
Examples:
  Look for mistakes, and for terms that nobody said
    roundup keywords lint our-own.toml --lake lake";

pub const KEYWORDS_TRY: &str = "\
Examples:
  Every hit in the answers of a lake
    roundup keywords try builtin:engineering --lake lake
  In a text
    echo 'we run Postgres' | roundup keywords try builtin:data --text -";

pub const LISTEN: &str = "\
Examples:
  Receive events; the secret of the webhook is in SECRET
    roundup listen --lake lake --addr 127.0.0.1:8080 --secret-env SECRET
  And run a pipeline when they have come
    roundup listen --lake lake --addr 127.0.0.1:8080 --secret-env SECRET --then run nightly.toml";

pub const SCHEMA: &str = "\
Examples:
  What each column means
    roundup schema responses
  Views of all tables, for DuckDB
    roundup schema --format sql --lake lake";

pub const SANDBOX: &str = "\
Examples:
  Two thousand interviews, and a list of their ids
    roundup sandbox --interviews 2000 --ids-out ids.txt
  With things going wrong
    roundup sandbox --faults faults.toml";

pub const COMPLETIONS: &str = "\
Examples:
  For bash, of this user
    roundup completions bash > ~/.local/share/bash-completion/completions/roundup";
