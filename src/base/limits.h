/* Every quantity that a peer controls, and its cap. No other file holds such a number.
 *
 * Each cap is far above what the largest known real machine needs (noted beside it) and far below
 * what would hurt a worker. Raising one is a decision about memory and time: say why. */
#ifndef BOOTSEAL_BASE_LIMITS_H
#define BOOTSEAL_BASE_LIMITS_H

enum {
    /* Event logs: the largest real one seen is 150 KiB, 400 events. */
    LIMIT_EVENTLOG_LEN = 4 * 1024 * 1024,
    LIMIT_EVENTLOG_EVENTS = 16384,
    LIMIT_EVENT_DATA_LEN = 1024 * 1024, /* a dbx of 400 KiB is plausible within years */
    LIMIT_EVENTLOG_BANKS = 8,           /* TPMs have at most 5 */
    LIMIT_PCRS = 24,                    /* TCG PC Client: PCR 0-23 */

    /* TPM structures (TPM 2.0 Library part 2; the largest key is RSA-4096). */
    LIMIT_TPM_STRUCT_LEN = 4096,
    LIMIT_TPM_DIGEST_LEN = 64,
    LIMIT_TPM_DATA_LEN = 128, /* TPM2B_DATA, qualifying data */
    LIMIT_PCR_SELECTIONS = 8,
    LIMIT_RSA_BITS = 4096,
    LIMIT_ECC_COORDINATE_LEN = 66, /* P-521 */

    /* UEFI. */
    LIMIT_EFI_NAME_LEN = 512, /* bytes of UTF-16 */
    LIMIT_SIGLIST_ENTRIES = 8192,
    LIMIT_BOOT_AUTHORITIES = 64, /* different ones in one boot; five are many */
    LIMIT_DEVICE_PATH_NODES = 64,
    LIMIT_GPT_PARTITIONS = 256,
    LIMIT_HANDOFF_TABLES = 64,

    /* SMBIOS: a server with 32 memory modules has 10 KiB and 150 structures. ACPI: a DMAR is under
     * 4 KiB. */
    LIMIT_SMBIOS_LEN = 256 * 1024,
    LIMIT_SMBIOS_STRUCTURES = 4096,
    LIMIT_ACPI_TABLE_LEN = 64 * 1024,

    /* PE images: a unified kernel image with a full initrd has a few hundred MiB, and one section
     * for each of its parts. Real sections never overlap; a file they cover twice is cheap enough. */
    LIMIT_PE_LEN = 512 * 1024 * 1024,
    LIMIT_PE_SECTIONS = 1024,
    LIMIT_PE_REPEATS = 2,
    LIMIT_PE_ZEROS_LEN = 1024 * 1024, /* that memory has behind a section's data; a page is usual */
    LIMIT_PE_CERTIFICATES = 16,
    LIMIT_IMAGE_SIGNATURE_LEN = 1024 * 1024,
    LIMIT_IMAGE_SIGNERS = 4,
    LIMIT_SBAT_ENTRIES = 64,

    /* Components (bootseal component): a distribution's kernel package has 5,000 files and 400 MiB. */
    LIMIT_COMPONENT_FILE_LEN = 512 * 1024 * 1024,
    LIMIT_COMPONENTS = 512 * 1024,
    LIMIT_COMPONENT_ALGS = 5,
    LIMIT_COMPONENT_TEXT_LEN = 4096,
    LIMIT_COMPONENT_SEARCHES = 256, /* through a log, for unknown digests; each reads all of it */
    LIMIT_PACKAGE_ENTRIES = 256 * 1024, /* also files of a folder */
    LIMIT_FOLDER_DEPTH = 64,
    LIMIT_RPM_ENTRIES = 64 * 1024, /* a package has about a hundred */
    LIMIT_RPM_STORE_LEN = 64 * 1024 * 1024,

    /* Windows WBCL. */
    LIMIT_SIPA_DEPTH = 8,
    LIMIT_SIPA_RECORDS = 65536,

    /* Linux: COMMAND_LINE_SIZE of x86, arm64 and riscv, its NUL included; the kernel drops the rest. */
    LIMIT_KERNEL_COMMAND_LINE_LEN = 2047,

    /* systemd's measurement log: a record of 300 to 600 bytes for each phase, disk and file system; some
     * hundreds where every start of a service or user is measured. */
    LIMIT_SYSTEMD_LOG_LEN = 1024 * 1024,
    LIMIT_SYSTEMD_LOG_RECORDS = 4096,
    LIMIT_SYSTEMD_TEXT_LEN = 64 * 1024, /* a user record is the longest */
    LIMIT_JSON_DEPTH = 8,               /* its records have 3 */
    LIMIT_JSON_NAME_LEN = 64,

    /* IMA: 100,000 entries of about 120 bytes are a busy server after months. */
    LIMIT_IMA_LEN = 64 * 1024 * 1024,
    LIMIT_IMA_ENTRIES = 500000,
    LIMIT_IMA_TEMPLATE_NAME_LEN = 256, /* a custom one is called by its fields */
    LIMIT_IMA_FIELD_LEN = 64 * 1024,
    LIMIT_IMA_FIELDS = 16,
    LIMIT_IMA_CERTIFICATES = 64, /* of the operator: one for each packager or release */
    LIMIT_IMA_CERTIFICATES_LEN = 1024 * 1024,
    LIMIT_IMA_SIGNATURES = 32768, /* checked in one list: a second of RSA-2048, ten of P-384 */

    /* Evidence and the CBOR it travels in. */
    LIMIT_EVIDENCE_LEN = 72 * 1024 * 1024,
    LIMIT_EVIDENCE_LOGS = 8,
    LIMIT_INVENTORY_ITEMS = 256,
    LIMIT_INVENTORY_TEXT_LEN = 4096,
    LIMIT_NONCE_LEN = 64,
    LIMIT_NAME_LEN = 253, /* a DNS name */

    /* Documents with reference values: a manifest of a platform has some hundreds of digests, its log
     * is as long as an event log. */
    LIMIT_CBOR_DEPTH = 32, /* of what is passed over */
    LIMIT_MANIFEST_LEN = 4 * 1024 * 1024,
    LIMIT_MANIFEST_ITEMS = 4096, /* of one array or map, or files that one names */
    LIMIT_MANIFEST_FOLDERS = 8,  /* one in the other */
    LIMIT_MANIFEST_TEXT_LEN = 1024,
    LIMIT_MANIFEST_SIGNERS = 16, /* certificates of the operator */
    LIMIT_MANIFEST_PROFILES = 8,
    LIMIT_MANIFEST_DEPENDENTS = 16, /* other manifests that one names */

    /* Host messages other than evidence (src/msg): eight certificates and a full inventory. */
    LIMIT_MESSAGE_LEN = 2 * 1024 * 1024,
    LIMIT_POLICY_REF_LEN = 64, /* a TPM2B_NONCE: at most the largest digest */
    LIMIT_VERDICT_ID_LEN = 128,

    /* What the agent keeps: two answers, a chain, a few digests. */
    LIMIT_AGENT_STATE_LEN = 8 * 1024 * 1024,
    LIMIT_URL_LEN = 2048,
    LIMIT_CA_LEN = 256 * 1024, /* PEM */

    /* Certificates. */
    LIMIT_CERTIFICATE_LEN = 16 * 1024,
    LIMIT_CHAIN_CERTIFICATES = 8,
    LIMIT_PRIVATE_KEY_LEN = 16 * 1024, /* PEM; RSA-4096 has 3 KiB */

    /* Platform certificates: a laptop's has 2 to 4 KiB, a server's with every memory module some ten more. */
    LIMIT_PLATFORM_CERTIFICATES = 4, /* of one host: its maker's, and deltas */
    LIMIT_PLATFORM_CERTIFICATE_LEN = 32 * 1024,
    LIMIT_PLATFORM_COMPONENTS = 256,
    LIMIT_PLATFORM_EXTENSIONS = 16,
    LIMIT_PLATFORM_ISSUERS = 256, /* that the operator trusts */

    /* Documents of operators: policies, reference values, updates. */
    LIMIT_DOCUMENT_LEN = 1024 * 1024,
    LIMIT_DOCUMENT_VALUES = 16384,
    LIMIT_DOCUMENT_VALUE_LINES = 1024,
    LIMIT_DOCUMENT_NAME_LEN = 128,

    /* Policies and their rules. */
    LIMIT_POLICY_LEN = LIMIT_DOCUMENT_LEN,
    LIMIT_TRIAL_LEN = 8 * LIMIT_DOCUMENT_LEN, /* a draft with its reference values, as JSON */
    LIMIT_TRIALS = 4,      /* at a time; each holds the fleet's names and the documents in force */
    LIMIT_BINDINGS = 1024, /* names in force */
    LIMIT_BINDING_HOSTS_LEN = 16 * 1024, /* globs of one binding */
    LIMIT_BINDING_LEN = 64 * 1024,       /* one binding as JSON */
    LIMIT_BINDING_REFERENCES = 31, /* reference values of one binding: room for updates stays */
    LIMIT_BINDING_REASON_LEN = 512,
    LIMIT_BOUND_LEN = 64 * 1024 *
                      1024,   /* documents in force, each counted once: all stay in memory */
    LIMIT_HOST_POLICIES = 32, /* that hold for one host */
    /* Texts of these with what they name, as they travel to a worker: one with reference values as
     * many and as long as may be, and room for others. */
    LIMIT_HOST_SOURCES_LEN = 40 * 1024 * 1024,
    LIMIT_POLICY_SOURCES = 64, /* references and updates that one policy is compiled with */
    LIMIT_POLICY_RULES = 512,
    LIMIT_POLICY_REFERENCES = 8192,
    LIMIT_UPDATE_VARIANTS = 32, /* ways in which one host may go on from an announced update */
    LIMIT_POLICY_DEPTH = 32,
    /* Steps at the worst, with every list full: a few tenths of a second, which no real log needs.
     * Each all() over a claim counts LIMIT_CLAIM_ITEMS times its body. */
    LIMIT_POLICY_COST = 20000000,
    /* Conditions that a rule is searched for what never decides: a dozen are many. Beyond, it is
     * searched part by part. */
    LIMIT_REACHABILITY_PLACES = 128,
    LIMIT_REACHABILITY_STEPS = 256 * 1024, /* conditions tried for one rule: a few ms */
    LIMIT_REACHABILITY_PAIR_STEPS =
        2 * 1024, /* the same for two rules, of which there are 131,000 pairs */
    LIMIT_REACHABILITY_MEMORY = 1024 * 1024,

    /* Hardware catalogues: the largest public list of certified servers has some hundreds of models;
     * firmware has two to seven images in PCR 0. */
    LIMIT_CATALOG_MODELS = 2048,
    LIMIT_CATALOG_VALUES = 512,         /* of one key: firmware versions, digests of images */
    LIMIT_CATALOG_SIGNATURE_LEN = 1024, /* RSA-4096 has 512 */
    LIMIT_CATALOG_CERTIFICATES = 16,    /* of those who may sign */
    LIMIT_CATALOG_BODY_LEN = 2 * LIMIT_DOCUMENT_LEN, /* one with its signature, as JSON */

    /* What one appraisal may say. */
    LIMIT_REASONS = 256,
    LIMIT_REASON_TEXT_LEN = 1024,
    LIMIT_SUMMARY_LEN = 2048, /* one event in words; what does not fit is left out visibly */
    LIMIT_SUMMARY_TEXT_LEN = 512,
    LIMIT_CLAIM_ITEMS = 16384,
    LIMIT_DIFF_DETAILS = 16, /* of one change between two boots; the rest is counted */

    /* The service's front. Times are in seconds. */
    LIMIT_HTTP_HEADERS_LEN = 16 * 1024,
    LIMIT_HTTP_JSON_LEN = 256 * 1024,
    LIMIT_HTTP_CONNECTIONS = 8192,
    LIMIT_HTTP_CONNECTIONS_PER_ADDRESS = 256,
    LIMIT_HTTP_IDLE_S = 60,
    LIMIT_HTTP_HANDSHAKE_S = 10,
    LIMIT_HTTP_REQUEST_S = 30,
    LIMIT_HTTP_BODIES_LEN = 1024 * 1024 * 1024, /* of all requests at a time: a dozen at the cap */
    LIMIT_HTTP_STREAM_LEN = 256 * 1024,      /* that a slow reader of a stream may leave waiting */
    LIMIT_HTTP_REQUEST_MEMORY = 1024 * 1024, /* what a handler makes for one request */

    /* Enrolments under way: each is 64 KiB at most, and the largest fleet boots in waves. */
    LIMIT_ENROL_ATTEMPTS = 4096,
    LIMIT_ENROL_REQUEST_LEN = 64 * 1024,

    /* Lists that the API gives out, and configuration files. */
    LIMIT_LIST_ITEMS = 500,
    LIMIT_LIST_ANSWER_LEN = 32 * 1024 * 1024, /* 500 verdicts with some dozens of reasons each */
    LIMIT_CONF_LEN = 256 * 1024,
    LIMIT_CONF_DROP_INS = 64,
};

/* Bytes that one package may unpack to, over what an int holds: kernels with debug symbols have 5
 * GiB. */
#define LIMIT_PACKAGE_LEN (UINT64_C(8) * 1024 * 1024 * 1024)

#endif
