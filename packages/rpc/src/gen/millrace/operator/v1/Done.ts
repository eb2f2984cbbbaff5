// Original file: proto/millrace/operator/v1/operator_service.proto


export interface Done {
}

export interface Done__Output {
}
