//! Makes the bindings from the installed headers and compiles the shim. What is bound is listed here,
//! name by name: a function that nothing calls is not declared.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

/// What `netio::dpdk` calls.
const FUNCTIONS: &[&str] = &[
    "rte_eal_hotplug_add",
    "rte_eal_hotplug_remove",
    "rte_eth_allmulticast_enable",
    "rte_eth_dev_adjust_nb_rx_tx_desc",
    "rte_eth_dev_configure",
    "rte_eth_dev_default_mac_addr_set",
    "rte_eth_dev_get_mtu",
    "rte_eth_dev_get_port_by_name",
    "rte_eth_dev_info_get",
    "rte_eth_dev_set_mtu",
    "rte_eth_dev_socket_id",
    "rte_eth_dev_start",
    "rte_eth_dev_stop",
    "rte_eth_link_get_nowait",
    "rte_eth_macaddr_get",
    "rte_eth_promiscuous_enable",
    "rte_eth_rx_queue_setup",
    "rte_eth_stats_get",
    "rte_eth_tx_queue_setup",
    "rte_eth_xstats_get",
    "rte_eth_xstats_get_names",
    "rte_mempool_avail_count",
    "rte_pktmbuf_pool_create",
    "rte_thread_register",
    "rte_thread_unregister",
    "shim_.*",
];

/// Constants and enums; the structures come with the functions that take them.
const ITEMS: &[&str] = &[
    "RTE_ETH_NAME_MAX_LEN",
    "RTE_MAX_LCORE",
    "RTE_MEMPOOL_CACHE_MAX_SIZE",
    "RTE_PKTMBUF_HEADROOM",
    "SHIM_.*",
    "rte_eth_rx_mq_mode",
];

/// Dynamic libraries that hold those functions. DPDK loads its drivers itself.
const LIBRARIES: &[&str] = &["rte_ethdev", "rte_mbuf", "rte_mempool", "rte_eal"];

fn main() -> ExitCode {
    println!("cargo:rerun-if-changed=shim.c");
    println!("cargo:rerun-if-changed=shim.h");
    println!("cargo:rerun-if-changed=wrapper.h");
    let dpdk = pkg_config::Config::new()
        .cargo_metadata(false)
        .atleast_version("22.11")
        .probe("libdpdk");
    let dpdk = match dpdk {
        Ok(dpdk) => dpdk,
        Err(error) => {
            eprintln!(
                "DPDK 22.11 or later was not found by pkg-config. On Debian: apt-get install \
                 libdpdk-dev libclang-dev pkg-config. To build without DPDK: --no-default-features.\n\
                 {error}"
            );
            return ExitCode::FAILURE;
        }
    };
    for path in &dpdk.link_paths {
        println!("cargo:rustc-link-search=native={}", path.display());
    }
    compile_shim(&dpdk);
    for library in LIBRARIES {
        println!("cargo:rustc-link-lib={library}");
    }
    match bind(&dpdk) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bindgen: {error} (on Debian: apt-get install libclang-dev)");
            ExitCode::FAILURE
        }
    }
}

fn compile_shim(dpdk: &pkg_config::Library) {
    let mut shim = cc::Build::new();
    // DPDK's inlines need at least SSE 4.2, as its pkg-config file says (-march=corei7).
    shim.file("shim.c")
        .includes(&dpdk.include_paths)
        .flag("-march=corei7")
        .define("_GNU_SOURCE", None);
    shim.flag("-include").flag("rte_config.h");
    shim.compile("weir_dpdk_shim");
}

fn bind(dpdk: &pkg_config::Library) -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = bindgen::Builder::default()
        .header("wrapper.h")
        .clang_args(["-march=corei7", "-include", "rte_config.h"])
        .clang_args(
            dpdk.include_paths
                .iter()
                .map(|path| format!("-I{}", path.display())),
        )
        .default_enum_style(bindgen::EnumVariation::ModuleConsts)
        .derive_default(true)
        .layout_tests(true)
        .generate_comments(false)
        // Only pointers to it are used here, and its content drags in half of DPDK.
        .opaque_type("rte_mempool")
        .opaque_type("rte_device");
    for name in FUNCTIONS {
        builder = builder.allowlist_function(name);
    }
    for name in ITEMS {
        builder = builder.allowlist_var(name).allowlist_type(name);
    }
    let bindings = builder.generate()?;
    bindings.write_to_file(PathBuf::from(env::var("OUT_DIR")?).join("bindings.rs"))?;
    Ok(())
}
