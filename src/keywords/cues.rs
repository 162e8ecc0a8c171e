//! The words that negate a mention or end a negation, and phrases that do neither. They are part of a set's hash.

/// Words that negate what follows them. Every word that ends in `n't`, with any apostrophe, negates too; the list has
/// such words without an apostrophe because transcribers drop it.
pub(super) const CUES: [&str; 39] = [
    "aint",
    "arent",
    "barely",
    "cannot",
    "cant",
    "couldnt",
    "didnt",
    "doesnt",
    "dont",
    "hadnt",
    "hardly",
    "hasnt",
    "havent",
    "isnt",
    "lack",
    "lacked",
    "lacking",
    "lacks",
    "mightnt",
    "mustnt",
    "neednt",
    "neither",
    "never",
    "no",
    "nobody",
    "none",
    "nor",
    "not",
    "nothing",
    "nowhere",
    "scarcely",
    "shouldnt",
    "unable",
    "unfamiliar",
    "wasnt",
    "werent",
    "without",
    "wont",
    "wouldnt",
];

/// Phrases that begin with a cue and are no negation: "not only react but also vue", "I had no problem with react".
/// Words that end in `n't` count as `not`.
pub(super) const UNDOING: [&str; 11] = [
    "never mind",
    "no doubt",
    "no matter",
    "no problem",
    "no problems",
    "no wonder",
    "not just",
    "not merely",
    "not only",
    "not simply",
    "without doubt",
];

/// Words that begin a new clause, as a punctuation mark does. Some words are left out because of their use after a cue:
/// `yet` ("not yet used"), `so` ("not so good with"), `and` and `or` ("no react or vue").
pub(super) const BREAKS: [&str; 14] = [
    "although", "because", "besides", "but", "except", "however", "instead", "since", "then", "though", "unless",
    "until", "whereas", "while",
];

/// Hesitations and phrases that break no clause where a comma stands before and after them: "I have not, um, used it".
pub(super) const FILLERS: [&str; 16] = [
    "ah", "eh", "er", "erm", "hm", "hmm", "i mean", "like", "mm", "oh", "uh", "uhm", "um", "umm", "y'know", "you know",
];
