//! Tests what a keyword file may contain, what is refused and with which message, and what the hash depends on.

use super::super::{Forms, KeywordSet, KeywordSetFile, Matcher, Mode, Scratch};
use super::set;

const HEAD: &str = "name = \"t\"\nversion = \"1\"\n";

/// Checks the message with which a set is refused, without the hint.
#[track_caller]
fn refused(toml: &str, expected: &str) {
    let error = KeywordSet::parse_toml(toml, "bad.toml").expect_err(toml);
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.kind(), crate::model::error::Kind::Usage);
}

#[test]
fn defaults_are_filled_in() {
    let set = set(
        "name = \"my-set-2\"\nversion = \"7\"\ndescription = \"d\"\nmode = \"substring\"\n\n[[terms]]\nname = \"a\"\n\
        [[terms]]\nname = \"b\"\nmode = \"word\"\nforms = \"plural\"\ncategory = \"x\"\n",
    );
    assert_eq!((set.name(), set.version(), set.description(), set.overlap()), ("my-set-2", "7", Some("d"), false));
    let [a, b] = set.terms() else { panic!("two terms") };
    assert_eq!((a.mode, a.forms, a.category.as_deref(), a.line), (Mode::Substring, Forms::None, None, 7));
    assert_eq!((b.mode, b.forms, b.category.as_deref(), b.line), (Mode::Word, Forms::Plural, Some("x"), 9));
}

#[test]
fn bad_sets_are_refused_with_the_line() {
    refused("name = \"t\"\n", "bad.toml:1: missing field `version`");
    refused(HEAD, "bad.toml: keyword set `t` has no terms");
    refused("name = \"T x\"\nversion = \"1\"\n", "bad.toml:1: `T x` cannot be the name of a keyword set");
    refused(
        &format!("name = \"{}\"\nversion = \"1\"\n", "a".repeat(65)),
        &format!("bad.toml:1: `{}` cannot be the name of a keyword set", "a".repeat(65)),
    );
    refused("name = \"t\"\nversion = \" \"\n", "bad.toml:2: the version is empty");
    refused("name = \"t\"\nversion = 1\n", "bad.toml:2: `version` is a text");
    refused(
        "name = \"t\"\nversion = \"1\"\nmode = \"regex\"\n",
        "bad.toml:3: `mode`: there is no `regex`, only `word` or `substring`",
    );
    let message = |toml: &str| KeywordSet::parse_toml(toml, "bad.toml").unwrap_err().to_string();
    assert!(message(&format!("{HEAD}colour = 1\n")).starts_with("bad.toml:3: unknown field `colour`"));
    for (entry, expected) in [
        ("name = \"\"", "4: term `` is empty"),
        ("name = \"  \"", "4: term `  ` is only white space"),
        ("name = \"a\"\naliases = [\n\"b\",\n\"\"]", "7: alias `` of term `a` is empty"),
        ("name = \"a\"\n[[terms]]\nname = \"b\"\n[[terms]]\nname = \"a\"", "8: term `a` is already on line 4"),
        ("name = \"a\"\nexclude = [\"b c\"]", "5: exclude phrase `b c` does not contain term `a`"),
        (
            "name = \"a\"\nmode = \"substring\"\nseparators = true",
            "4: term `a` is a substring, for which `separators` means nothing",
        ),
        (
            "name = \"/a\"\nseparators = true",
            "4: term `/a` begins or ends with a separator, but `separators` joins what stands between them",
        ),
        (
            "name = \"\\u0301\"\nfold_diacritics = true",
            "4: term `\u{301}` is nothing but diacritics, which `fold-diacritics` removes",
        ),
        ("name = \"a\"\naliases = [\"`\"]", "5: alias ``` of term `a` is nothing but apostrophes"),
        ("name = \"a\"\nproper-nouns = [\"\"]", "5: proper noun `` of term `a` is empty"),
        (
            "name = \"a\"\nproper-nouns = [\"B\"]\ncase-sensitive = true",
            "5: term `a` is case-sensitive, so `proper-nouns` means nothing",
        ),
        (
            "name = \"a\"\nmode = \"substring\"\nproper-nouns = [\"B\"]",
            "4: term `a` is a substring, for which `proper-nouns` means nothing",
        ),
        ("name = \"a\"\ncategory = \"\"", "5: a category of term `a` is empty"),
        ("name = \"a\"\nquestion_types = [\"\"]", "5: a question type of term `a` is empty"),
        ("name = \"a\"\nforms = \"verbs\"", "5: `forms` under [terms]: there is no `verbs`, only `none` or `plural`"),
    ] {
        refused(&format!("{HEAD}[[terms]]\n{entry}\n"), &format!("bad.toml:{expected}"));
    }
    assert!(
        message(&format!("{HEAD}[[terms]]\nname = \"a\"\ncolor = 1\n"))
            .starts_with("bad.toml:5: unknown field `color`")
    );
}

#[test]
fn lists_are_terms_as_they_stand() {
    let text = "\u{FEFF}react\r\n\r\n# a comment\r\n#\r\n#hash\r\nc#\r\n  \r\n node js \r\nci/cd";
    let list = KeywordSet::parse_txt(text, "list.txt", "list", Mode::Word).unwrap();
    let names: Vec<_> = list.terms().iter().map(|term| (term.line, term.name.as_str())).collect();
    assert_eq!(names, [(1, "react"), (4, "#"), (5, "#hash"), (6, "c#"), (8, " node js "), (9, "ci/cd")]);
    assert!(list.overlap());
    assert!(list.terms().iter().all(|term| term.mode == Mode::Word));
    let message =
        |text: &str, name: &str| KeywordSet::parse_txt(text, "list.txt", name, Mode::Word).unwrap_err().to_string();
    assert_eq!(message("# only\n\n", "list"), "list.txt: keyword set `list` has no terms");
    assert_eq!(message("a\nb\na\n", "list"), "list.txt:3: term `a` is already on line 1");
    assert_eq!(message("a", "My List"), "list.txt: `My List` cannot be the name of a keyword set");
}

#[test]
fn the_hash_follows_what_results_follow_from() {
    let term = "[[terms]]\nname = \"ab\"\naliases = [\"x\", \"y\"]\n";
    let hash = |toml: &str| set(toml).hash().to_owned();
    let base = hash(&format!("{HEAD}{term}"));
    assert_eq!(base.len(), 64);
    for same in [
        format!("# note\n{HEAD}\n\n{term}"),
        format!("{HEAD}description = \"d\"\n{term}"),
        format!("{HEAD}mode = \"word\"\noverlap = false\n{term}mode = \"word\"\nforms = \"none\"\nexclude = []\n"),
        format!("{HEAD}mode = \"substring\"\n{term}mode = \"word\"\n"),
        format!("{HEAD}[[terms]]\nname = \"ab\"\naliases = [\"y\", \"x\", \"x\"]\n"),
    ] {
        assert_eq!(hash(&same), base, "{same}");
    }
    let mut seen = vec![base];
    for other in [
        format!("name = \"u\"\nversion = \"1\"\n{term}"),
        format!("name = \"t\"\nversion = \"2\"\n{term}"),
        format!("{HEAD}overlap = true\n{term}"),
        format!("{HEAD}mode = \"substring\"\n{term}"),
        format!("{HEAD}{term}category = \"c\"\n"),
        format!("{HEAD}{term}case_sensitive = true\n"),
        format!("{HEAD}{term}proper-nouns = [\"x\"]\n"),
        format!("{HEAD}{term}proper-nouns = [\"z\"]\n"),
        format!("{HEAD}{term}forms = \"plural\"\n"),
        format!("{HEAD}{term}separators = true\n"),
        format!("{HEAD}{term}fold_diacritics = true\n"),
        format!("{HEAD}{term}exclude = [\"ab c\"]\n"),
        format!("{HEAD}{term}exclude = [\"ab c\", \"ab d\"]\n"),
        format!("{HEAD}{term}question_types = [\"technical\"]\n"),
        format!("{HEAD}[[terms]]\nname = \"ab\"\naliases = [\"xy\"]\n"),
        format!("{HEAD}{term}[[terms]]\nname = \"b\"\n"),
        format!("{HEAD}[[terms]]\nname = \"b\"\n{term}"),
    ] {
        let hash = hash(&other);
        assert!(!seen.contains(&hash), "{other}");
        seen.push(hash);
    }
}

#[test]
fn old_spellings_of_settings_make_the_same_set() {
    let hash = |settings: &str| {
        let text = format!("{HEAD}[[terms]]\nname = \"ab\"\n{settings}");
        KeywordSet::parse_toml(&text, "set.toml").unwrap().hash().to_owned()
    };
    let old = "case_sensitive = true\nfold_diacritics = true\nquestion_types = [\"technical\"]\n";
    assert_eq!(hash(old), hash(&old.replace('_', "-")));
    assert_ne!(hash(old), hash(""));
}

#[test]
fn the_schema_names_every_field() {
    let schema = schemars::schema_for!(KeywordSetFile);
    let properties = schema.get("properties").unwrap().as_object().unwrap();
    let mut names: Vec<_> = properties.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["description", "languages", "mode", "name", "overlap", "terms", "version"]);
    assert_eq!(schema.get("additionalProperties").and_then(|value| value.as_bool()), Some(false));
}

/// Every shipped set can be read. Each spelling in it is found by itself, under its own term and no other.
#[test]
fn shipped_sets_find_their_own_spellings() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/keywords");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 9);
    for file in files {
        let origin = file.display().to_string();
        let set = KeywordSet::parse_toml(&std::fs::read_to_string(&file).unwrap(), &origin).unwrap();
        assert_eq!(Some(set.name()), file.file_stem().and_then(|stem| stem.to_str()));
        let (matcher, mut scratch, mut hits) = (Matcher::new(&set).unwrap(), Scratch::default(), Vec::new());
        for (index, term) in set.terms().iter().enumerate() {
            for spelling in std::iter::once(&term.name).chain(&term.aliases) {
                matcher.find(spelling, None, &mut scratch, &mut hits);
                let found: Vec<_> = hits.iter().map(|hit| set.terms()[hit.term as usize].name.as_str()).collect();
                let whole = hits.iter().any(|hit| hit.term as usize == index && hit.end as usize == spelling.len());
                assert!(whole && hits.len() == 1, "{origin}: `{spelling}` of `{}` found as {found:?}", term.name);
            }
        }
    }
}

/// Checks which terms a shipped set finds in a text, in the order of the text.
#[track_caller]
fn finds(name: &str, text: &str, expected: &[&str]) {
    let (_, toml) = crate::keywords::SHIPPED.iter().find(|(shipped, _)| *shipped == name).unwrap();
    let set = set(toml);
    let found: Vec<_> =
        super::find(&set, text, None).iter().map(|hit| set.terms()[hit.term as usize].name.clone()).collect();
    assert_eq!(found, expected, "{name} in {text:?}");
}

#[test]
fn what_sounds_like_a_product_is_none() {
    for (text, expected) in [
        ("I have no SQL experience, but NoSQL.", &["sql", "nosql"][..]),
        ("My SQL is rusty, and my SQL skills never grew. I know MySQL.", &["sql", "sql", "mysql"]),
        ("We built a fast API, and then one in FastAPI.", &["api", "fastapi"]),
        ("Our open API is public. It has an OpenAPI file.", &["api", "openapi"]),
        ("It was a restful vacation after the RESTful service.", &["rest api"]),
        ("Anna at example dot net", &[]),
        ("Washington, D.C., the C.E.O., H.R., R.T. and C-3PO", &[]),
        ("Ctrl+C on the C drive, plan A, B, or C, (C) 2024, S-C-E-N-T-S", &[]),
        ("A.C.I./C.D. pipeline with U.R.L., C.S.S. and C.R.M.", &[]),
        ("I wrote it in C. Then in C, and C code is fast.", &["C", "C", "C"]),
        ("Go read the book. Go to work. Go ahead and check.", &[]),
        ("Go is simple. I like Go and Rust.", &["Go", "Go", "Rust"]),
        ("He is self-taught, learning on the Go, he said. Go find a job.", &[]),
    ] {
        finds("engineering", text, expected);
    }
    for text in ["R.T., H.R. and H R", "J. R. R. Tolkien", "an R-rated film, Type-R, R2-D2", "a Q R code", "R&D"] {
        finds("data", text, &[]);
    }
    finds("data", "In R. With R, and R code.", &["R", "R", "R"]);
    finds("sales", "our sales force sells SaaS", &["software as a service"]);
    finds("product", "we deprecated it", &["deprecation"]);
}

#[test]
fn what_is_said_alone_is_found_however_it_is_written() {
    let text = "Mostly Node and Express on the backend, files go to S3, and before that Rails.";
    let expected = ["node.js", "express.js", "amazon s3", "ruby on rails"];
    for text in [text.to_owned(), text.to_lowercase(), text.to_uppercase()] {
        finds("engineering", &text, &expected);
    }
    finds("engineering", "Node", &["node.js"]);
    finds(
        "engineering",
        "I find it hard to express. Each node of the tree went off the rails, in Python.",
        &["python"],
    );
    finds("engineering", "i find it hard to express", &[]);
    finds("data", "We ran Spark on it.", &["apache spark"]);
    finds("data", "we ran spark with pandas", &["apache spark", "pandas"]);
    finds("data", "it was the spark that lit the fire", &[]);
}

#[test]
fn shipped_sets_leave_everyday_english_alone() {
    for (name, text, expected) in [
        ("fillers", "Um, so, uhh, I er think, hmm, mm, erm.", 6),
        ("fillers", "Mm-hmm. Uh-huh, uh oh. To err is human. The ER diagram, umbrella, summer.", 0),
        ("engineering", "I react to change, go to work, and see the rest. Go ahead. React quickly at the C-level.", 0),
        ("engineering", "I know Go, C, C++, C#, .NET and ASP.NET, node js, c plus plus, react hooks and CI-CD.", 10),
        ("data", "Our R&D department", 0),
        ("data", "I use R, SQL and p-values", 3),
        ("hedges", "What kind of work? Do you know Java?", 0),
        ("hedges", "I kinda think, you know, maybe", 3),
        ("vendor-sample", "Reactive contesting", 2),
    ] {
        let file = format!("{}/keywords/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let hits = super::find(&set(&std::fs::read_to_string(file).unwrap()), text, None);
        let quotes: Vec<_> = hits.iter().map(|hit| &text[hit.start as usize..hit.end as usize]).collect();
        assert_eq!(quotes.len(), expected, "{name}: {quotes:?} in {text:?}");
    }
}
