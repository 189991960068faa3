package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// probing is the data source: hostile_probes.
type probing struct{}

type probingModel struct {
	Targets  types.String `tfsdk:"targets"`
	Outcomes types.String `tfsdk:"outcomes"`
}

func (probing) Metadata(_ context.Context, _ datasource.MetadataRequest, out *datasource.MetadataResponse) {
	out.TypeName = "hostile_probes"
}

func (probing) Schema(_ context.Context, _ datasource.SchemaRequest, out *datasource.SchemaResponse) {
	out.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"targets":  schema.StringAttribute{Required: true, Description: "What is attacked, as JSON."},
		"outcomes": schema.StringAttribute{Computed: true, Description: "What came of each probe, as JSON."},
	}}
}

func (probing) Read(ctx context.Context, in datasource.ReadRequest, out *datasource.ReadResponse) {
	var model probingModel
	out.Diagnostics.Append(in.Config.Get(ctx, &model)...)
	outcomes, err := tryAll(model.Targets.ValueString())
	if err != nil {
		out.Diagnostics.AddError("The targets cannot be read", err.Error())
		return
	}
	model.Outcomes = types.StringValue(outcomes)
	out.Diagnostics.Append(out.State.Set(ctx, model)...)
}
