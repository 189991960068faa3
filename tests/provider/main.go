// The provider of the tests, "shelf": its objects are files in a folder that tests look into and change by hand.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const address = "registry.example/tests/shelf"

type shelf struct{}

func main() {
	options := providerserver.ServeOpts{Address: address}
	if err := providerserver.Serve(context.Background(), func() provider.Provider { return shelf{} }, options); err != nil {
		log.Fatal(err)
	}
}

func (shelf) Metadata(_ context.Context, _ provider.MetadataRequest, out *provider.MetadataResponse) {
	out.TypeName = "shelf"
}

func (shelf) Schema(_ context.Context, _ provider.SchemaRequest, out *provider.SchemaResponse) {
	out.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"dir": schema.StringAttribute{Required: true, Description: "The folder in which every object is a file."},
	}}
}

func (shelf) Configure(ctx context.Context, in provider.ConfigureRequest, out *provider.ConfigureResponse) {
	var config struct {
		Dir types.String `tfsdk:"dir"`
	}
	out.Diagnostics.Append(in.Config.Get(ctx, &config)...)
	objects := folder(config.Dir.ValueString())
	out.ResourceData, out.DataSourceData = objects, objects
}

func (shelf) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &book{} }}
}

func (shelf) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return &label{} }}
}
