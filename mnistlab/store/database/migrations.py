"""The schema's history as frozen text: one SQL script for each version.

Nothing here calls or interpolates today's code, so a script never changes its meaning. Columns that
are computed from others (parameter counts, results of the epochs) have defaults here; the store
computes them again after a migration.
"""

VERSION_1 = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    spec TEXT NOT NULL,
    recipe TEXT NOT NULL,
    state TEXT NOT NULL,
    created REAL NOT NULL,
    started REAL,
    ended REAL,
    message TEXT NOT NULL DEFAULT '',
    progress TEXT,
    test TEXT,
    stop_requested INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_state ON runs (state, id);
CREATE TABLE epochs (
    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    train_loss REAL NOT NULL,
    train_accuracy REAL NOT NULL,
    validation_loss REAL NOT NULL,
    validation_errors INTEGER NOT NULL,
    validation_count INTEGER NOT NULL,
    learning_rate REAL NOT NULL,
    seconds REAL NOT NULL,
    images_per_second REAL NOT NULL,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
"""

# Requests, several workers, owners and notes; the columns that a table of runs is sorted by.
VERSION_2 = """
ALTER TABLE runs DROP COLUMN stop_requested;
ALTER TABLE runs ADD COLUMN request TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN who TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN notes TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN deleted REAL;
ALTER TABLE runs ADD COLUMN place REAL;
ALTER TABLE runs ADD COLUMN slot INTEGER;
ALTER TABLE runs ADD COLUMN pid INTEGER;
ALTER TABLE runs ADD COLUMN heartbeat REAL;
ALTER TABLE runs ADD COLUMN parameters INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN epochs_done INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN seconds REAL NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN best_epoch INTEGER;
ALTER TABLE runs ADD COLUMN best_errors INTEGER;
ALTER TABLE runs ADD COLUMN best_count INTEGER;
ALTER TABLE runs ADD COLUMN last_errors INTEGER;
ALTER TABLE runs ADD COLUMN last_count INTEGER;
ALTER TABLE runs ADD COLUMN test_errors INTEGER;
ALTER TABLE runs ADD COLUMN test_count INTEGER;
UPDATE runs SET test_errors = json_extract(test, '$.errors'),
                test_count = json_extract(test, '$.count') WHERE json_valid(test);
ALTER TABLE runs DROP COLUMN test;
UPDATE runs SET place = id WHERE state = 'queued';
UPDATE runs SET slot = 0 WHERE state = 'running';
CREATE TABLE asked_workers (slot INTEGER PRIMARY KEY, at REAL NOT NULL);
"""

# The handwriting test set; `mark` identifies the strokes, so that no drawing is stored twice.
VERSION_3 = """
CREATE TABLE drawings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created REAL NOT NULL,
    writer TEXT NOT NULL,
    label INTEGER NOT NULL,
    mark TEXT NOT NULL UNIQUE,
    strokes TEXT NOT NULL
);
CREATE INDEX drawings_by_writer ON drawings (writer, label);
"""

# Renamed: columns, a table, a request, and fields and values of the recipe's JSON. Fields are
# replaced as text, because json_extract rounds numbers to 15 digits, and a paused run's recipe must
# stay equal to the one in its checkpoint. No value in a recipe is free text. Tags are left as they
# are: people type them too.
VERSION_4 = """
ALTER TABLE runs RENAME COLUMN who TO owner;
ALTER TABLE runs RENAME COLUMN place TO queue_position;
ALTER TABLE drawings RENAME COLUMN mark TO stroke_hash;
ALTER TABLE asked_workers RENAME TO worker_starts;
UPDATE runs SET request = 'preempt' WHERE request = 'yield';
UPDATE runs SET recipe =
    replace(replace(replace(recipe, '"optimiser":', '"optimizer":'),
        '"goal":', '"target_accuracy":'), '"subset":', '"train_size":');
UPDATE runs SET recipe = json_set(recipe, '$.split', 'holdout')
    WHERE CASE WHEN json_valid(recipe) THEN json_extract(recipe, '$.split') = 'strict' END;
UPDATE runs SET recipe = json_set(recipe, '$.augmentation', 'handwriting')
    WHERE CASE WHEN json_valid(recipe) THEN json_extract(recipe, '$.augmentation') = 'hand' END;
"""

# A class: the people, whose a run and a drawing is, the task and what the class votes on.
VERSION_5 = """
CREATE TABLE classes (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    title TEXT NOT NULL,
    secret TEXT NOT NULL,
    opened REAL NOT NULL,
    rules TEXT NOT NULL,
    task TEXT NOT NULL DEFAULT '',
    offer TEXT NOT NULL DEFAULT '',
    offered REAL
);
CREATE TABLE people (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    is_teacher INTEGER NOT NULL,
    nonce INTEGER NOT NULL,
    joined REAL NOT NULL,
    turns INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0
);
CREATE TABLE votes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    first TEXT NOT NULL,
    second TEXT NOT NULL,
    recipe TEXT NOT NULL,
    opened REAL NOT NULL,
    closed REAL,
    first_run INTEGER,
    second_run INTEGER
);
CREATE TABLE ballots (
    vote INTEGER NOT NULL REFERENCES votes (id) ON DELETE CASCADE,
    person INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    choice INTEGER NOT NULL,
    PRIMARY KEY (vote, person)
) WITHOUT ROWID;
ALTER TABLE runs ADD COLUMN person INTEGER;
CREATE INDEX runs_by_person ON runs (person, state);
ALTER TABLE drawings ADD COLUMN person INTEGER;
"""

# A code of the login with which somebody has joined a class.
VERSION_6 = """
ALTER TABLE people ADD COLUMN login TEXT;
CREATE UNIQUE INDEX people_by_login ON people (login);
"""

MIGRATIONS = (VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6)
"""A new file goes through all of them."""

RENAMED_FILES = (
    (4, "readings.safetensors", "predictions.safetensors"),
    (4, "best.doubt", "best.uncertainty"),
)
"""Files in the run folders: since which version, the earlier name, the name from then on."""
