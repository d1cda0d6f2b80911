// Query logic without a page: no imports from elsewhere, nothing of the browser but Intl and URL.
export * from './addresses';
export * from './build';
export * from './causes';
export * from './compare';
export * from './describe';
export * from './drill';
export * from './export';
export * from './funnel';
export * from './groups';
export * from './history';
export * from './merge';
export * from './model';
export * from './numbers';
export * from './report';
export * from './url_state';
export * from './validate';
export * from './values';
