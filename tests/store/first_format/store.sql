BEGIN TRANSACTION;
CREATE TABLE asked_workers (slot INTEGER PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE drawings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created REAL NOT NULL,
    writer TEXT NOT NULL,
    label INTEGER NOT NULL,
    mark TEXT NOT NULL UNIQUE,
    strokes TEXT NOT NULL
);
INSERT INTO "drawings" VALUES(1,1.79561124934445405011e+09,'Ada',7,'322e00e573038c7d7e7da2469efc7f36','[[[10.0,10.0],[100.0,10.0],[60.0,120.0]]]');
INSERT INTO "drawings" VALUES(2,1.79561124936822748181e+09,'',1,'553880c1985c450e53847f2ceab5dc72','[[[50.0,10.0],[50.0,120.0]]]');
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
INSERT INTO "epochs" VALUES(1,1,2.45381221771240243256e+00,0.0921875,2.3050994873046875e+00,9594,10000,9.61939766255643508019e-02,9.71667163000120126525e-01,1.95363415636210902446e+03);
INSERT INTO "epochs" VALUES(1,2,2.30407466888427725493e+00,0.103125,2.31450414657592773437e+00,9010,10000,4.34736903889974338199e-02,7.06364736000068660359e-01,3.16532531720096812935e+03);
INSERT INTO "epochs" VALUES(1,3,2.30355529785156232236e+00,0.1265625,2.31405496597290039062e+00,8936,10000,4.27756931309480924793e-04,7.47537025999918114393e-01,2.43443810924188710478e+03);
INSERT INTO "epochs" VALUES(2,1,2.32790985107421866118e+00,0.121875,2.29412078857421875e+00,8039,10000,7.77785116509801116579e-02,7.11794783999948776909e-01,3.68287167223195228862e+03);
INSERT INTO "epochs" VALUES(2,2,2.27860145568847638486e+00,0.25,2.28082871437072753906e+00,7470,10000,9.60735979838478471037e-04,9.38198474000046189757e-01,3.5841475550509253481e+03);
INSERT INTO "epochs" VALUES(3,1,2.29117446899414067829e+00,0.15515625,2.25600528717041,8050,10000,0.02485,1.86616905880000558681e+01,4.24295988272022555048e+02);
INSERT INTO "epochs" VALUES(3,2,2.2160379028320313921e+00,0.20765625,2.13908839225769042968e+00,7631,10000,0.03985,1.67058328240000264486e+01,4.12060351890457127405e+02);
INSERT INTO "epochs" VALUES(3,3,2.07627563476562482236e+00,0.2425,1.97355747222900390625e+00,7600,10000,0.05485,3.17418591700015895185e+00,2893.43565588147);
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
    request TEXT NOT NULL DEFAULT '', who TEXT NOT NULL DEFAULT '', tags TEXT NOT NULL DEFAULT '', notes TEXT NOT NULL DEFAULT '', deleted REAL, place REAL, slot INTEGER, pid INTEGER, heartbeat REAL, parameters INTEGER NOT NULL DEFAULT 0, epochs_done INTEGER NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0, best_epoch INTEGER, best_errors INTEGER, best_count INTEGER, last_errors INTEGER, last_count INTEGER, test_errors INTEGER, test_count INTEGER);
INSERT INTO "runs" VALUES(1,'old run','4-p4-gap-bn','{"optimiser": "sgd", "learning_rate": 0.1, "schedule": "one-cycle", "batch_size": 64, "epochs": 3, "weight_decay": 0.0005, "augmentation": "hand", "split": "strict", "subset": 640, "seed": 3, "patience": null, "goal": 0.99, "label_smoothing": 0.0}','done',1.79561118254409122466e+09,1.79561118269173049929e+09,1.79561119419478607177e+09,'',NULL,'','Ada','kept old','some notes',NULL,NULL,NULL,NULL,1.7956111936650502682e+09,126,3,2.42556892500010690127e+00,3,8936,10000,8936,10000,8865,10000);
INSERT INTO "runs" VALUES(2,'article run','4-p4-gap-bn','{"optimiser": "sgd", "learning_rate": 0.1, "schedule": "one-cycle", "batch_size": 64, "epochs": 2, "weight_decay": 0.0005, "augmentation": "affine", "split": "article", "subset": 640, "seed": 0, "patience": null, "goal": null, "label_smoothing": 0.0}','done',1.79561119463354706762e+09,1.79561119475971436498e+09,1.79561120380031752591e+09,'',NULL,'','','','',NULL,NULL,NULL,NULL,1.79561120123622250562e+09,126,2,1.64999325799999496666e+00,2,7470,10000,7470,10000,NULL,NULL);
INSERT INTO "runs" VALUES(3,'paused run','4-p4-gap-bn','{"optimiser": "sgd", "learning_rate": 0.1, "schedule": "one-cycle", "batch_size": 64, "epochs": 30, "weight_decay": 0.0005, "augmentation": "affine", "split": "strict", "subset": 6400, "seed": 0, "patience": null, "goal": null, "label_smoothing": 0.0}','paused',1.79561120450220680234e+09,1.79561120471518516545e+09,1.79561134467247128488e+09,'Paused after epoch 3.',NULL,'','','','',NULL,NULL,NULL,NULL,1.79561134465885925293e+09,126,3,3.85417093290002412677e+01,3,7600,10000,7600,10000,NULL,NULL);
INSERT INTO "runs" VALUES(4,'waits','4-p4-gap-bn','{"optimiser": "sgd", "learning_rate": 0.1, "schedule": "one-cycle", "batch_size": 64, "epochs": 2, "weight_decay": 0.0005, "augmentation": "affine", "split": "strict", "subset": 640, "seed": 3, "patience": null, "goal": null, "label_smoothing": 0.0}','paused',1.79561124916068172449e+09,NULL,1.79561124920257019995e+09,'Taken out of the queue before it began.',NULL,'','Ben','study','',NULL,NULL,NULL,NULL,NULL,126,0,0.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "runs" VALUES(5,'binned','4-gap','{"optimiser": "sgd", "learning_rate": 0.1, "schedule": "one-cycle", "batch_size": 128, "epochs": 2, "weight_decay": 0.0005, "augmentation": "affine", "split": "strict", "subset": 64, "seed": 0, "patience": null, "goal": null, "label_smoothing": 0.0}','stopped',1.79561124923257565497e+09,NULL,1.79561124925657534601e+09,'Stopped before it began.',NULL,'','Ben','','',1.79561124929222774501e+09,NULL,NULL,NULL,NULL,90,0,0.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE INDEX runs_by_state ON runs (state, id);
CREATE INDEX drawings_by_writer ON drawings (writer, label);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('runs',5);
INSERT INTO "sqlite_sequence" VALUES('drawings',2);
COMMIT;
PRAGMA user_version = 3;
