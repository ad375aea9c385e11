// istiod without a cluster, for tests: the discovery server of istio.io/istio as it is, built from its Go module. It reads an
// API server by a kubeconfig and tells a stock Envoy by xDS what to serve.
package main

import (
	"fmt"
	"os"

	discovery "istio.io/istio/pilot/cmd/pilot-discovery/app"
)

func main() {
	if err := discovery.NewRootCommand().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "istiod:", err)
		os.Exit(1)
	}
}
