// The hostile provider of the tests: while a plan reads its data source `hostile_probes`, it tries what an attacker would.
//
// The same program runs alone: `--probes FILE` prints the outcomes, so that it can be a plug-in of another tool.
// No probe harms a machine on which it succeeds: it undoes what it wrote, and acts on what a test has put there for it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

const address = "registry.example/tests/hostile"

type hostile struct{}

func main() {
	if len(os.Args) > 1 {
		os.Exit(command(os.Args[1], os.Args[2:]))
	}
	options := providerserver.ServeOpts{Address: address}
	if err := providerserver.Serve(context.Background(), func() provider.Provider { return hostile{} }, options); err != nil {
		log.Fatal(err)
	}
}

// command runs one of the program's other faces; its exit status.
func command(name string, words []string) int {
	switch name {
	case "--probes":
		return alone(words)
	case "--names":
		for _, probe := range probes {
			fmt.Println(probe.name)
		}
	case "--survive":
		survive(words)
	case "--wake":
		wake(words)
	case "--hop":
		hop(words)
	case "--fork":
		fmt.Println(forkMany())
	case "--eat":
		fmt.Println(eatMemory())
	case "--gate":
		fmt.Println(passGate(words))
	case "--nothing":
	default:
		fmt.Fprintln(os.Stderr, "there is no", name)
		return 2
	}
	return 0
}

// alone tries everything with the targets of a file, and prints the outcomes; what else it is given, it ignores.
func alone(words []string) int {
	if len(words) == 0 {
		fmt.Fprintln(os.Stderr, "--probes wants a file of targets")
		return 2
	}
	text, err := os.ReadFile(words[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	outcomes, err := tryAll(string(text))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	fmt.Println(outcomes)
	return 0
}

// tryAll takes the targets as JSON, tries every probe and gives back the outcomes as JSON; a copy goes to the record.
func tryAll(text string) (string, error) {
	var aims targets
	if err := json.Unmarshal([]byte(text), &aims); err != nil {
		return "", err
	}
	outcomes, err := json.MarshalIndent(try(&aims), "", " ")
	if err != nil {
		return "", err
	}
	if aims.Record != "" {
		_ = os.WriteFile(aims.Record, outcomes, 0o644)
	}
	return string(outcomes), nil
}

func (hostile) Metadata(_ context.Context, _ provider.MetadataRequest, out *provider.MetadataResponse) {
	out.TypeName = "hostile"
}

func (hostile) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (hostile) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (hostile) Resources(context.Context) []func() resource.Resource { return nil }

func (hostile) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return probing{} }}
}
