// A Kubernetes control plane without a cluster, for tests: the API server of k8s.io/kubernetes with an etcd inside the same
// process, and, as a second command, its own controllers. No kubelet, no scheduler, no network: pods stay records.
//
//	kube-api serve DIR PORT    tokens are read from DIR/tokens.csv, the authority of client certificates from DIR/clients.pem
//	                           where it is there; certificate and data are written to DIR
//	kube-api controllers KUBECONFIG NAME...
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		serve(os.Args[2], os.Args[3])
	}
	if len(os.Args) > 3 && os.Args[1] == "controllers" {
		control(os.Args[2], os.Args[3:])
	}
	fmt.Fprintln(os.Stderr, "usage: kube-api serve DIR PORT | kube-api controllers KUBECONFIG NAME...")
	os.Exit(2)
}

func serve(dir, port string) {
	socket := store(dir)
	key := signingKey(dir)
	arguments := []string{
		"--etcd-servers=unix://" + socket,
		"--bind-address=127.0.0.1", "--secure-port=" + port, "--cert-dir=" + dir,
		"--token-auth-file=" + filepath.Join(dir, "tokens.csv"), "--anonymous-auth=false",
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + key, "--service-account-signing-key-file=" + key,
		"--service-cluster-ip-range=10.0.0.0/24",
		"--endpoint-reconciler-type=none",      // the address of this server is loopback, which an endpoint may not be
		"--enable-priority-and-fairness=false", // seconds of start-up; its in-flight limits answer 429 all the same
		// Pods of tests have no service account, and what takes up an addition of this kind is not there.
		"--disable-admission-plugins=ServiceAccount,TaintNodesByCondition,Priority",
		"--profiling=false",
	}
	clients := filepath.Join(dir, "clients.pem")
	if _, err := os.Stat(clients); err == nil {
		arguments = append(arguments, "--client-ca-file="+clients)
	}
	run(apiserver.NewAPIServerCommand(), arguments...)
}

// control runs the named controllers only; a test that stops them freezes every status they write.
func control(kubeconfig string, names []string) {
	run(controllers.NewControllerManagerCommand(),
		"--kubeconfig="+kubeconfig, "--authentication-kubeconfig="+kubeconfig, "--authorization-kubeconfig="+kubeconfig,
		"--leader-elect=false", "--secure-port=0", "--profiling=false",
		"--controllers="+strings.Join(names, ","),
	)
}

func run(command *cobra.Command, arguments ...string) {
	command.SetArgs(arguments)
	os.Exit(cli.Run(command))
}

// store starts etcd on a socket file, whose path may have 107 bytes at most.
func store(dir string) string {
	socket := filepath.Join(dir, "etcd.sock")
	config := embed.NewConfig()
	config.Dir = filepath.Join(dir, "etcd")
	config.LogLevel = "error"
	config.UnsafeNoFsync = true                // the data of a test need not survive a power cut
	config.TickMs, config.ElectionMs = 10, 100 // alone, it waits a whole election before it serves: by default a second
	clients := []url.URL{{Scheme: "unix", Path: socket}}
	peers := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config.ListenClientUrls, config.AdvertiseClientUrls = clients, peers
	config.ListenPeerUrls, config.AdvertisePeerUrls = peers, peers
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	etcd, err := embed.StartEtcd(config)
	fatal("starting etcd", err)
	<-etcd.Server.ReadyNotify()
	return socket
}

// signingKey makes what tokens of service accounts are signed with.
func signingKey(dir string) string {
	path := filepath.Join(dir, "service-accounts.pem")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	fatal("making a key", err)
	bytes, err := x509.MarshalECPrivateKey(key)
	fatal("encoding a key", err)
	fatal("writing a key", os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: bytes}), 0o600))
	return path
}

func fatal(doing string, err error) {
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "kube-api:", doing+":", err)
	os.Exit(1)
}
