// Original file: proto/millrace/common/v1/common.proto

import type { ErrorKind as _millrace_common_v1_ErrorKind, ErrorKind__Output as _millrace_common_v1_ErrorKind__Output } from '../../../millrace/common/v1/ErrorKind.ts';
import type { FieldValue as _millrace_common_v1_FieldValue, FieldValue__Output as _millrace_common_v1_FieldValue__Output } from '../../../millrace/common/v1/FieldValue.ts';
import type { SourceSite as _millrace_common_v1_SourceSite, SourceSite__Output as _millrace_common_v1_SourceSite__Output } from '../../../millrace/common/v1/SourceSite.ts';
import type { Error as _millrace_common_v1_Error, Error__Output as _millrace_common_v1_Error__Output } from '../../../millrace/common/v1/Error.ts';

export interface Error {
  'name'?: (string);
  'message'?: (string);
  'stack'?: (string);
  'kind'?: (_millrace_common_v1_ErrorKind | null);
  'fields'?: ({[key: string]: _millrace_common_v1_FieldValue});
  'site'?: (_millrace_common_v1_SourceSite | null);
  'cause'?: (_millrace_common_v1_Error | null);
  '_stack'?: "stack";
}

export interface Error__Output {
  'name': (string);
  'message': (string);
  'stack'?: (string);
  'kind': (_millrace_common_v1_ErrorKind__Output | null);
  'fields': ({[key: string]: _millrace_common_v1_FieldValue__Output});
  'site': (_millrace_common_v1_SourceSite__Output | null);
  'cause': (_millrace_common_v1_Error__Output | null);
  '_stack'?: "stack";
}
